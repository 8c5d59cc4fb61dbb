/**
 * The other way to answer a view ([HT8]): where all of its rows lie in one object, that object, which is never behind. Under the view's own
 * scope and in the view's own form; the rules of the table do not apply, as they do not to the copy. A view of a query, or rows of
 * several objects, have no owner.
 */

import { objectName } from "../../core/ids.ts";
import type { JsonObject, JsonScalar } from "../../core/json.ts";
import type { CallHeader, CountCall } from "../../core/protocol/object-call.ts";
import { ETAG_FIELD } from "../../core/query/select.ts";
import type { Filter } from "../../core/query/tree.ts";
import { readObject } from "../../edge/call-object.ts";
import { expectAnswer } from "../../edge/endpoints/answer.ts";
import { callHeader, type Exchange, type TableRequest } from "../../edge/exchange.ts";
import { ALLOW } from "../../edge/scopes.ts";
import { tableNamed } from "../../edge/table-named.ts";
import { fixedPartitions } from "./fixed-partitions.ts";
import type { Projection } from "./projection.ts";
import { hasNamed, mayEnter } from "./read-age.ts";
import type { View } from "./view.ts";

/** What a caller may see and asks for, as canonical texts. */
export type AskedRows = Pick<CountCall, "scope" | "filter">;

/** An answer of a view, by its copy or by its owner. */
export interface ViewAnswer {
  /** The members of the reply, without the cursor. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  /** Where a list goes on. */
  readonly next: readonly JsonScalar[] | null;
}

/** The object that holds all rows which the filter leaves; null: there are several, or the view is more than a table. */
export function ownerOf(view: View, projection: Projection, exchange: Exchange, where: Filter): TableRequest | null {
  const table = view.query === null ? projection.tables.get(view.tables[0] ?? "") : undefined;
  const entry = table && tableNamed(exchange.edge, table.name);
  if (table === undefined || entry === undefined) return null;
  const [partition, ...others] = table.partitionBy === null ? [null] : (fixedPartitions(where, table) ?? []);
  if (partition === undefined || others.length > 0) return null;
  return { ...exchange, entry, partition, object: objectName(projection.app, table.group, partition) };
}

/** What the object is to show: its rows have columns that are not copied, too. */
export function shownColumns({ resource }: View, select: readonly string[] | null): readonly string[] {
  const { columns, computed } = resource.spec;
  const all = [...columns.filter(({ readable }) => readable).map(({ name }) => name), ...computed];
  return (select ?? all).filter((name) => name !== ETAG_FIELD);
}

type Call = Exclude<Parameters<typeof readObject>[1], { op: "load" }>;
type OwnPart<C> = C extends Call ? Omit<C, keyof CallHeader | "conditions" | "withDeleted"> : never;

export async function askOwner(
  owner: TableRequest,
  part: OwnPart<Extract<Call, { op: "list" | "count" | "aggregate" | "search" }>>,
): Promise<ViewAnswer> {
  // A reader who names a transaction waits for its outcome, whatever else is asked.
  const { consistency: _, ...header } = callHeader(owner);
  const answer = expectAnswer(
    await readObject(owner, { ...header, ...part, withDeleted: null, conditions: {} } as Call),
  );
  const { seq: _seq, nextCursor: _cursor, ...members } = JSON.parse(answer.body ?? "{}") as JsonObject;
  const total = answer.headers["x-total-count"];
  const [epoch = ""] = answer.position.split(":");
  // As of copies.
  const isTold = (part.scope === ALLOW || hasNamed(owner, epoch)) && (await mayEnter(owner, owner.object));
  return {
    // Of the object's own clock, which runs not before the request came.
    body: { ...members, asOf: new Date(owner.nowMs).toISOString() },
    headers: {
      "content-type": "application/json",
      "cache-control": "private, no-store",
      ...(isTold ? { "ledge-seq": answer.position } : {}),
      ...(total === undefined ? {} : { "x-total-count": total }),
    },
    next: answer.next ?? null,
  };
}
