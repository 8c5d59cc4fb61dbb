/**
 * The proof that a copy is what its object holds: walks the rows of the object in order of id and reads the same stretch of the copy, whose
 * cursor, read in the same batch, must be where the object was. Says which ids differ; mends nothing. One page a call.
 */

import { quoteColumn, quoteIdentifier } from "../../../durable-objects/sql/quote-identifier.ts";
import type { ObjectName, RowId } from "../../core/ids.ts";
import { jsonEquals } from "../../core/json.ts";
import { COPY_COLUMN, keyColumn, type ProjectedTable, projectionName } from "../../core/read-model/projected-table.ts";
import type { Place, PulledPage, PulledRow, PullReply, PullRequest } from "../../core/read-model/pull.ts";
import { decodeValue } from "../../core/schema/value.ts";
import { runBatch } from "./database.ts";
import { type Consumer, followObject, pullObject } from "./follow-object.ts";
import { type GroupProjection, groupOf } from "./projection.ts";

/** Writes that come in between make a page incomparable; then the copy is brought on and the page read again. */
const MAX_TRIES = 5;
const FOLLOW_MS = 1000;

export interface Comparison {
  /** `busy`: writes came faster than the copy could be read beside them. */
  readonly kind: "same" | "different" | "busy";
  readonly looked: number;
  /** `<table>/<id>`: only in one of them, or not equal. At most 100. */
  readonly differing: readonly string[];
  /** Where the next page goes on; null: all rows were looked at. */
  readonly place: Place | null;
}

export async function comparePage(consumer: Consumer, object: ObjectName, place: Place | null): Promise<Comparison> {
  const group = groupOf(consumer.projection, object);
  const first = group?.projected[0];
  if (group === null || first === undefined) return { kind: "same", looked: 0, differing: [], place: null };
  const from = place ?? { table: first.name, after: null };
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    await followObject(consumer, object, { untilMs: consumer.clock() + FOLLOW_MS });
    const page = await pageAt(consumer, object, group, from);
    const compared = page === null ? null : await compareWith(consumer, object, group, from, page);
    if (compared !== null) return compared;
  }
  return { kind: "busy", looked: 0, differing: [], place: from };
}

/** The rows behind the place as they stand; null when a commit came in between. */
async function pageAt(
  { env }: Consumer,
  object: ObjectName,
  { columns, limits }: GroupProjection,
  place: Place,
): Promise<PulledPage | null> {
  const ask = (from: PullRequest["from"]): Promise<PullReply> =>
    pullObject(env, object, { v: 1, limits, tables: columns, from });
  const known = await ask(null);
  if (known.kind !== "facts") return null;
  const { epoch, migration, head } = known.facts;
  const page = await ask({ epoch, migration, seq: head, place });
  return page.kind === "page" && page.seq === head ? page : null;
}

async function compareWith(
  { database }: Consumer,
  object: ObjectName,
  { projected }: GroupProjection,
  from: Place,
  page: PulledPage,
): Promise<Comparison | null> {
  const tables = stretchOf(projected, from, page.place);
  const serving = "(SELECT id FROM rm_copies WHERE object = ?1 AND status = 'serving')";
  const [cursors, ...held] = await runBatch(database, [
    { sql: "SELECT epoch, seq FROM rm_copies WHERE object = ? AND status = 'serving'", params: [object] },
    ...tables.map(({ table, after, until }) => {
      const key = `t.${quoteColumn(keyColumn(table))}`;
      const columns = table.columns.map((column) => `t.${quoteColumn(column)}`).join(", ");
      return {
        sql: `SELECT ${columns} FROM ${quoteIdentifier(projectionName(table.name))} AS t WHERE ${COPY_COLUMN} = ${serving} AND (?2 IS NULL OR ${key} > ?2) AND (?3 IS NULL OR ${key} <= ?3)`,
        params: [object, after, until],
      };
    }),
  ]);
  const cursor = cursors?.[0];
  if (cursor?.epoch !== page.facts.epoch || cursor.seq !== page.seq) return null;
  const differing = tables.flatMap(({ table }, index) =>
    differencesOf(
      table,
      page.rows.filter((row) => row.table === table.name),
      held[index] ?? [],
    ),
  );
  return {
    kind: differing.length === 0 ? "same" : "different",
    looked: page.rows.length,
    differing: differing.slice(0, 100),
    place: page.place,
  };
}

interface Stretch {
  readonly table: ProjectedTable;
  readonly after: RowId | null;
  /** Null: to the end of the table. */
  readonly until: RowId | null;
}

/** What lies between two places, table by table. */
function stretchOf(tables: readonly ProjectedTable[], from: Place, to: Place | null): readonly Stretch[] {
  const first = tables.findIndex(({ name }) => name === from.table);
  const last = to === null ? tables.length - 1 : tables.findIndex(({ name }) => name === to.table);
  return tables.slice(first, last + 1).flatMap((table): readonly Stretch[] => {
    const until = table.name === to?.table ? to.after : null;
    // Nothing of this table has been looked at yet.
    if (table.name === to?.table && until === null) return [];
    return [{ table, after: table.name === from.table ? from.after : null, until }];
  });
}

function differencesOf(
  table: ProjectedTable,
  standing: readonly PulledRow[],
  copied: readonly Record<string, unknown>[],
): string[] {
  const key = keyColumn(table).sqlName;
  const copies = new Map(copied.map((record) => [record[key] as RowId, record]));
  const different = standing.filter(({ id, row }) => {
    const record = copies.get(id);
    copies.delete(id);
    return (
      record === undefined ||
      table.columns.some(
        (column) => !jsonEquals(decodeValue(column, record[column.sqlName]), row?.[column.name] ?? null),
      )
    );
  });
  return [...different.map(({ id }) => id), ...copies.keys()].map((id) => `${table.name}/${id}`);
}
