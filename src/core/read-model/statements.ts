/**
 * The steps of a copy as statements of D1, to be run as one batch: a guard that fails it when the copy has moved, the rows, the cursor. So
 * rows and cursor change together or not at all, and of two consumers at one copy one does nothing. Rows travel as one JSON
 * parameter, whatever their number (D1 binds 100 parameters a statement, read 2026-11). Columns in conditions stand with their table: alone
 * in quotes, one that D1 lacks would be a text. Pure text.
 */

import { hex } from "../hex.ts";
import type { Json } from "../json.ts";
import { decodeBase64 } from "../schema/base64.ts";
import type { ColumnSpec } from "../schema/table-spec.ts";
import { encodeValue } from "../schema/value.ts";
import type { Copy, Step } from "./copy.ts";
import { COPY_COLUMN, keyColumn, type ProjectedTable, projectionName } from "./projected-table.ts";
import { isComplete, type Place, type PulledRow } from "./pull.ts";

export interface Statement {
  readonly sql: string;
  readonly params: readonly (string | number | null)[];
}

/** UTF-16 units of one JSON parameter, so that it is below 2 MB in UTF-8 whatever its letters; one row may have more. */
const PARAM_SIZE = 600_000;

export function statementsOf(step: Step, tables: readonly ProjectedTable[]): Statement[] {
  switch (step.kind) {
    case "begin": {
      const { object, facts, form, place } = step;
      const [, , group = "", partition = null] = object.split("/");
      // A unique index lets one copy of an object be built at a time.
      return [
        {
          sql: `INSERT INTO rm_copies (object, grp, part, status, is_hidden, epoch, migration, form, seq, head, size_bytes, place, as_of, step)
 VALUES (?, ?, ?, 'building', 1, ?, ?, ?, ?, ?, ?, ?, 0, 0)`,
          params: [
            object,
            group,
            partition,
            facts.epoch,
            facts.migration,
            form,
            facts.head,
            facts.head,
            facts.sizeBytes,
            placeText(place),
          ],
        },
      ];
    }
    case "leave":
      return [];
    case "discard":
      return [guard(step.copy), mark(step.copy, "dropping")];
    case "confirm":
      return [
        guard(step.copy),
        {
          sql: "UPDATE rm_copies SET as_of = ?, head = ?, size_bytes = ? WHERE id = ?",
          params: [step.page.asOfMs, step.page.facts.head, step.page.facts.sizeBytes, step.copy.id],
        },
      ];
    case "advance": {
      const { copy, page, switches } = step;
      const rows = tables.flatMap((table) => rowStatements(table, copy.id, page.rows));
      const cursor: Statement = {
        sql: "UPDATE rm_copies SET seq = ?, place = ?, head = ?, size_bytes = ?, as_of = ?, step = step + 1 WHERE id = ?",
        params: [
          page.seq,
          placeText(page.place),
          page.facts.head,
          page.facts.sizeBytes,
          isComplete(page) || copy.status === "serving" ? page.asOfMs : 0,
          copy.id,
        ],
      };
      return [guard(copy), ...rows, cursor, ...(switches ? switchStatements(copy, page.seq) : [])];
    }
  }
}

/** Fails the batch it stands in unless the copy is still at this step. */
export function guard({
  id,
  step,
  status,
}: Pick<Copy, "id" | "step"> & { readonly status: Copy["status"] | "walked" }): Statement {
  return {
    sql: "INSERT INTO rm_guards (held) SELECT NULL WHERE NOT EXISTS (SELECT 1 FROM rm_copies WHERE id = ? AND step = ? AND status = ?)",
    params: [id, step, status],
  };
}

/** Removes the next rows of a copy that nobody reads, and the copy itself once none is left. */
export function dropStatements(
  copy: Pick<Copy, "id" | "step" | "status">,
  tables: readonly ProjectedTable[],
  limitRows: number,
): Statement[] {
  const rows = tables.map((table): Statement => {
    const name = quote(projectionName(table.name));
    const key = `${name}.${quote(keyColumn(table).sqlName)}`;
    return {
      sql: `DELETE FROM ${name} WHERE ${COPY_COLUMN} = ?1 AND ${key} IN (SELECT ${key} FROM ${name} WHERE ${COPY_COLUMN} = ?1 LIMIT ?2)`,
      params: [copy.id, limitRows],
    };
  });
  const isEmpty = tables.map(
    (table) => `NOT EXISTS (SELECT 1 FROM ${quote(projectionName(table.name))} WHERE ${COPY_COLUMN} = ?1)`,
  );
  const last: Statement = {
    sql: `DELETE FROM rm_copies WHERE ${["id = ?1", ...isEmpty].join(" AND ")}`,
    params: [copy.id],
  };
  return [guard(copy), ...rows, last];
}

/** The copy that served goes first: an index allows one at a time. A reader is never taken back to an earlier seq of the same ledger. */
function switchStatements(copy: Copy, seq: number): Statement[] {
  return [
    {
      sql: "INSERT INTO rm_guards (held) SELECT NULL WHERE EXISTS (SELECT 1 FROM rm_copies WHERE object = ? AND status = 'serving' AND epoch = ? AND seq > ?)",
      params: [copy.object, copy.epoch, seq],
    },
    {
      sql: "UPDATE rm_copies SET status = 'dropping', is_hidden = 1, step = step + 1 WHERE object = ? AND status = 'serving'",
      params: [copy.object],
    },
    mark(copy, "serving"),
  ];
}

function mark({ id }: Copy, status: "serving" | "dropping"): Statement {
  return {
    sql: "UPDATE rm_copies SET status = ?, is_hidden = ?, step = step + 1 WHERE id = ?",
    params: [status, status === "serving" ? 0 : 1, id],
  };
}

function rowStatements(table: ProjectedTable, copy: number, pulled: readonly PulledRow[]): Statement[] {
  const own = pulled.filter((each) => each.table === table.name);
  const gone = own.filter(({ row }) => row === null).map(({ id }) => JSON.stringify(id));
  const there = own.flatMap((each) => (each.row === null ? [] : [putText(table, each)]));
  return [
    ...packed(gone).map((params) => removeStatement(table, copy, params)),
    ...packed(there).map((params) => putStatement(table, copy, params)),
  ];
}

function putStatement(table: ProjectedTable, copy: number, rows: string): Statement {
  const names = table.columns.map(({ sqlName }) => quote(sqlName));
  const values = table.columns.map(({ kind }, index) =>
    kind === "blob" ? `unhex(item ->> ${index})` : `item ->> ${index}`,
  );
  const key = quote(keyColumn(table).sqlName);
  const updates = [...names.filter((name) => name !== key), "_version"].map((name) => `${name} = excluded.${name}`);
  // Each row is parsed once, and not for each of its columns: the limit keeps SQLite from unfolding what stands in parentheses.
  return {
    sql: `INSERT INTO ${quote(projectionName(table.name))} (${[COPY_COLUMN, ...names, "_version"].join(", ")})
 SELECT ${["?1", ...values, `item ->> ${names.length}`].join(", ")} FROM (SELECT jsonb(value) AS item FROM json_each(?2) LIMIT -1) WHERE true
 ON CONFLICT (${COPY_COLUMN}, ${key}) DO UPDATE SET ${updates.join(", ")}`,
    params: [copy, rows],
  };
}

function removeStatement(table: ProjectedTable, copy: number, ids: string): Statement {
  const name = quote(projectionName(table.name));
  return {
    sql: `DELETE FROM ${name} WHERE ${COPY_COLUMN} = ?1 AND ${name}.${quote(keyColumn(table).sqlName)} IN (SELECT value FROM json_each(?2))`,
    params: [copy, ids],
  };
}

/** The values of a row in the order of the columns, then its version. */
function putText(table: ProjectedTable, { row, version }: PulledRow): string {
  const values = table.columns.map((column) => storedValue(column, row?.[column.name] ?? null));
  return values.some(isLargeWhole)
    ? `[${[...values, version].map((value) => (isLargeWhole(value) ? value.toExponential() : JSON.stringify(value))).join(",")}]`
    : JSON.stringify([...values, version]);
}

function storedValue(column: ColumnSpec, value: Json): string | number | null {
  if (column.kind === "blob") return value === null ? null : hex(decodeBase64(String(value)) ?? new Uint8Array());
  return encodeValue(column, value) as string | number | null;
}

/** It has to arrive as a real, which digits alone in JSON are not. */
function isLargeWhole(value: string | number | null): value is number {
  return typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
}

/** JSON arrays of the items, none larger than a parameter may be unless one item is. */
function packed(items: readonly string[]): string[] {
  const arrays: string[] = [];
  let held: string[] = [];
  let size = 0;
  for (const item of items) {
    if (held.length > 0 && size + item.length > PARAM_SIZE) {
      arrays.push(`[${held.join(",")}]`);
      held = [];
      size = 0;
    }
    held.push(item);
    size += item.length;
  }
  return held.length === 0 ? arrays : [...arrays, `[${held.join(",")}]`];
}

function placeText(place: Place | null): string | null {
  return place === null ? null : JSON.stringify(place);
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
