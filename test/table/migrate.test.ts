import { DatabaseSync } from "node:sqlite";
import { describe } from "vitest";
import { nodeSql } from "../../durable-objects/sql/node-sqlite.ts";
import { migrateContract } from "./migrate-contract.ts";

describe("migrate on node:sqlite", () => {
  migrateContract(async (turns) => {
    const sql = nodeSql(new DatabaseSync(":memory:"));
    for (const turn of turns) turn(sql);
  });
});
