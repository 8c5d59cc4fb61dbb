import { expect, test } from "vitest";
import { migrationSteps } from "../../durable-objects/table/migration-steps.ts";
import { splitStatements } from "../../durable-objects/table/split-statements.ts";

test.each([
  ["", []],
  ["  ;; -- nothing\n", []],
  ["CREATE TABLE a (id);\n--> statement-breakpoint\nDROP TABLE b;", ["CREATE TABLE a (id)", "DROP TABLE b"]],
  [
    "INSERT INTO a VALUES (';', 'it''s; -- no comment'); SELECT 1",
    ["INSERT INTO a VALUES (';', 'it''s; -- no comment')", "SELECT 1"],
  ],
  ['SELECT "a;b", `c;d`, [e;f]; /* ; */ SELECT 2', ['SELECT "a;b", `c;d`, [e;f]', "SELECT 2"]],
  [
    "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET x = CASE WHEN 1 THEN 2 END; DELETE FROM b; END; SELECT 3",
    [
      "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET x = CASE WHEN 1 THEN 2 END; DELETE FROM b; END",
      "SELECT 3",
    ],
  ],
  [
    "UPDATE a SET \"end\" = CASE WHEN 1 THEN 'x' END; SELECT 4",
    ["UPDATE a SET \"end\" = CASE WHEN 1 THEN 'x' END", "SELECT 4"],
  ],
])("[MG2] the text of a migration is cut where its statements end: %j", (text, statements) => {
  expect(splitStatements(text)).toEqual(statements);
});

test("[MG2] a rename of a rebuilt table becomes a refill, its unique indexes first", () => {
  const steps = migrationSteps(`
    PRAGMA foreign_keys=OFF; CREATE TABLE \`__new_a\` (id text, CHECK("__new_a".id > 0)); INSERT INTO \`__new_a\`(id) SELECT id FROM \`a\`;
    DROP TABLE \`a\`; ALTER TABLE \`__new_a\` RENAME TO \`a\`; PRAGMA foreign_keys=ON;
    CREATE INDEX \`i\` ON \`a\` (id); CREATE UNIQUE INDEX \`u\` ON \`a\` (id);`);
  expect(steps.map((step) => step.kind)).toEqual(["run", "run", "drop", "refill", "run"]);
  expect(steps[3]).toEqual({
    kind: "refill",
    table: "a",
    copy: "__new_a",
    create: 'CREATE TABLE `a` (id text, CHECK("a".id > 0))',
    uniqueIndexes: ["CREATE UNIQUE INDEX `u` ON `a` (id)"],
  });
});
