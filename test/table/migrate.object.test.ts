import { env, runInDurableObject } from "cloudflare:test";
import { describe } from "vitest";
import { objectStorageSql } from "../../durable-objects/sql/object-storage.ts";
import { migrateContract } from "./migrate-contract.ts";

let count = 0;

describe("migrate on Durable Object storage", () => {
  migrateContract(async (turns) => {
    const stub = env.BARE.getByName(`object-${count++}`);
    for (const turn of turns) {
      await runInDurableObject(stub, async (_object, state) => {
        turn(objectStorageSql(state.storage));
        await state.storage.sync(); // The platform's commit: a violation left to it would break the object here.
      });
    }
  });
});
