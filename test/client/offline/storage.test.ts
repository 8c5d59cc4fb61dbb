/** The storage that is there everywhere; the one of browsers is tried in one (`test/e2e/offline.test.ts`). */

import { expect, test } from "vitest";
import { memoryStorage } from "../../../src/client/ledge-client-offline.ts";
import { storageContract } from "./storage-contract.ts";

test("[O5] entries in memory keep the contract of a storage", async () => {
  const storage = memoryStorage();
  expect(await storageContract(storage, () => storage)).toEqual([]);
});
