/** Attachments that could not be kept are refused when the application is defined, with what mends it ([HT67]). */

import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { defineApp, fullyPublic, resource } from "ledge";
import { expect, test } from "vitest";
import type { Row } from "../../../src/core/schema/table-spec.ts";
import type { ResourceConfig } from "../../../src/define/config.ts";
import type { ObjectTransaction } from "../../../src/define/hooks.ts";
import { checkAttached } from "../../../src/features/files/attached.ts";
import { fileColumns, fileIndexes, fileResource, files } from "../../../src/features/files/files.ts";

type Relations = NonNullable<ResourceConfig["relations"]>;
const CASCADE = { type: "hasMany", resource: "scans", foreignKey: "caseId", onDelete: "cascade" } as const;

function define(relations: Relations, { group = "g", foreignKey = "caseId", max = 3 } = {}): () => unknown {
  const columns = () => ({ id: text("id").primaryKey(), ...fileColumns() });
  const scansTable = sqliteTable("scans", { ...columns(), caseId: text("case_id") }, fileIndexes("scans"));
  return () =>
    defineApp({
      name: "test",
      features: [files()],
      resources: [
        resource(sqliteTable("cases", { id: text("id").primaryKey() }), { ...fullyPublic(), group: "g", relations }),
        fileResource(scansTable, {
          ...fullyPublic(),
          group,
          file: { attachedTo: { resource: "cases", foreignKey, max } },
        }),
      ],
    }).definition;
}

test("[HT67] attachments lie in the object of their row, and go with it", () => {
  expect(define({ attachments: CASCADE })).not.toThrow();
  expect(define({})).toThrow('onDelete: "cascade"');
  expect(define({ attachments: { ...CASCADE, onDelete: "set null" } })).toThrow("would stay when a row goes");
  expect(define({}, { group: "elsewhere" })).toThrow("in another object");
  expect(define({ attachments: CASCADE }, { foreignKey: "none" })).toThrow("is no column");
  expect(define({ attachments: CASCADE }, { max: 101 })).toThrow("up to 100");
});

test("[HT67] of two announcements of a name the later one alone may be stored, even before the earlier one has ended", () => {
  const announced = (id: string, announcedMs: number): Row => ({
    ...{ id, caseId: "c", name: "n.txt", status: "pending", upload: { by: "alice", announcedMs } },
  });
  const [earlier, later] = [announced("1", 1000), announced("2", 2000)];
  const tx = {
    now: 3000,
    user: { kind: "user", id: "alice", roles: [], claims: {} },
    find: () => [earlier, later],
  } as unknown as ObjectTransaction;
  const attachedTo = { resource: "cases", foreignKey: "caseId", max: 3 };
  const table = { name: "scans", primaryKey: "id", attachedTo, deletedField: null };
  const store = (row: Row) => checkAttached(table, tx, row, { ...row, status: "stored" });
  expect(store(later)).toEqual([earlier]);
  expect(() => store(earlier)).toThrow(
    expect.objectContaining({ data: expect.objectContaining({ reason: "unique" }) }),
  );
  // What changes neither row, name nor bytes asks nothing.
  expect(checkAttached(table, tx, earlier, { ...earlier, note: "n" })).toEqual([]);
});
