/** The storages that are there everywhere; the one of browsers is tried in one (`test/e2e/offline.test.ts`). */

import { expect, test } from "vitest";
import { keyValueStorage, memoryStorage } from "../../../src/client/ledge-client-offline.ts";
import { keyValueRows } from "../../../src/client/ledge-client-store.ts";
import { rowsContract } from "../store/rows-contract.ts";
import { storageContract } from "./storage-contract.ts";

/** As React Native's AsyncStorage; from the `dies`-th writing on nothing is written any more. */
function asyncTexts(dies = Number.POSITIVE_INFINITY) {
  const texts = new Map<string, string>();
  let written = 0;
  const write = async (run: () => void) => {
    if (++written >= dies) throw new Error("The program is gone");
    run();
  };
  return {
    texts,
    storage: {
      getItem: async (key: string) => texts.get(key) ?? null,
      setItem: (key: string, value: string) => write(() => void texts.set(key, value)),
      removeItem: (key: string) => write(() => void texts.delete(key)),
    },
  };
}

test("[O5] entries in memory keep the contract of a storage", async () => {
  const storage = memoryStorage();
  expect(await storageContract(storage, () => storage)).toEqual([]);
});

test("[O5] entries in a storage of texts by key, as React Native has it, keep the same contract, each outbox its own", async () => {
  const { storage, texts } = asyncTexts();
  expect(await storageContract(keyValueStorage(storage, "a"), () => keyValueStorage(storage, "a"))).toEqual([]);
  expect(await keyValueStorage(storage, "b").all()).toEqual([]);
  expect([...texts.keys()]).toEqual(["ledge-outbox:a"]);
  // What could not be written is told, and the next is.
  const failing = { ...storage, setItem: async () => Promise.reject(new Error("full")) };
  const entry = { key: "k", principal: null, madeAtMs: 1, writes: [] };
  await expect(keyValueStorage(failing, "a").add(entry)).rejects.toThrow("full");
});

test("[O5] [LS10] a storage that answers at once, as localStorage does, keeps both contracts, too", async () => {
  const texts = new Map<string, string>();
  const storage = {
    getItem: (key: string) => texts.get(key) ?? null,
    setItem: (key: string, value: string) => void texts.set(key, value),
    removeItem: (key: string) => void texts.delete(key),
  };
  expect(await storageContract(keyValueStorage(storage, "a"), () => keyValueStorage(storage, "a"))).toEqual([]);
  expect(await rowsContract(keyValueRows(storage, "a"), () => keyValueRows(storage, "a"))).toEqual([]);
});

test("[LS10] rows in a storage of texts by key keep the contract, leave nothing behind, and are saved together wherever the program dies", async () => {
  const { storage, texts } = asyncTexts();
  expect(await rowsContract(keyValueRows(storage, "a"), () => keyValueRows(storage, "a"))).toEqual([]);
  expect([...texts.keys()]).toEqual(["ledge-rows:a"]);
  const kept = (key: string, seq: number) => ({
    ...{ key, path: "/tasks", position: `e:${seq}:t`, rows: [], aggregate: null, hasMore: null },
    ...{ rowKey: "id", kinds: {}, savedAtMs: seq },
  });
  for (let dies = 4; dies < 10; dies++) {
    const device = asyncTexts(dies);
    const rows = keyValueRows(device.storage, "a");
    await rows.save([kept("one", 1), kept("two", 1)]);
    await rows.save([kept("one", 2), kept("two", 2)]).catch(() => {});
    const later = keyValueRows({ ...asyncTexts().storage, getItem: device.storage.getItem }, "a");
    const positions = [(await later.load("one"))?.position, (await later.load("two"))?.position];
    expect(positions).toEqual(dies <= 6 ? ["e:1:t", "e:1:t"] : ["e:2:t", "e:2:t"]);
  }
});
