/**
 * `GET /_/read-model`: the register of objects as D1 has it, each with how far its copy is behind ([RM5]). How far that is, only the object
 * itself can say, so each is asked. For administrators; pages by name.
 */

import type { ObjectName } from "../../core/ids.ts";
import { type ObjectFacts, PAGE_LIMITS } from "../../core/read-model/pull.ts";
import type { RouteContext } from "../../edge/app-options.ts";
import type { LedgeEnv } from "../../edge/env.ts";
import { requireOperator } from "../../edge/may-inspect.ts";
import { queryParameters } from "../../edge/query-parameters.ts";
import { databaseOf } from "./database.ts";
import { pullObject } from "./follow-object.ts";

/** One request to an object each. */
const PAGE_ROWS = 50;

export async function showObjects(context: RouteContext): Promise<Response> {
  const { env, log, url, user } = context;
  requireOperator({ env, principal: user });
  const after = queryParameters(url, ["after"]).get("after") ?? "";
  const { results } = await databaseOf(env, log)
    .prepare(
      `SELECT object, grp, part, status, epoch, migration, seq, size_bytes, as_of FROM rm_copies
 WHERE object IN (SELECT DISTINCT object FROM rm_copies WHERE object > ? AND status NOT IN ('dropping', 'walked') ORDER BY object LIMIT ?)
 AND status NOT IN ('dropping', 'walked') ORDER BY object, status`,
    )
    .bind(after, PAGE_ROWS)
    .all<Record<string, string | number | null>>();
  const nowMs = Date.now();
  const items = await Promise.all(
    results.map(async (record) => ({
      object: record.object,
      group: record.grp,
      partition: record.part,
      status: record.status,
      migration: record.migration,
      epoch: record.epoch,
      seq: record.seq,
      ...lagOf(record, await factsOf(env, String(record.object)), nowMs),
      asOf: record.as_of === 0 ? null : new Date(Number(record.as_of)).toISOString(),
    })),
  );
  // A page has all lines of its objects: one that is built anew has two.
  const next = new Set(items.map(({ object }) => object)).size < PAGE_ROWS ? null : (items.at(-1)?.object ?? null);
  return Response.json({ items, next }, { headers: { "cache-control": "no-store" } });
}

/** Null where the object does not answer; the others are shown all the same. */
async function factsOf(env: LedgeEnv, object: string): Promise<ObjectFacts | null> {
  const request = { v: 1, limits: PAGE_LIMITS, tables: {}, from: null } as const;
  const reply = await pullObject(env, object as ObjectName, request).catch(() => null);
  return reply?.kind === "facts" ? reply.facts : null;
}

/**
 * `lag` in commits; null: another ledger, or nothing is known. `behindMs`: for how long something may have been missing; 0 when nothing is, null
 * while nothing is copied.
 */
function lagOf(
  { epoch, seq, as_of: asOfMs, size_bytes: known, status }: Record<string, string | number | null>,
  facts: ObjectFacts | null,
  nowMs: number,
): { readonly lag: number | null; readonly behindMs: number | null; readonly sizeBytes: string | number | null } {
  const lag = facts !== null && facts.epoch === epoch ? facts.head - Number(seq) : null;
  const isWhole = status === "listed" || (asOfMs !== 0 && asOfMs !== null);
  const behindMs = lag === 0 ? 0 : Math.max(0, nowMs - Number(asOfMs));
  return { lag, behindMs: isWhole ? behindMs : null, sizeBytes: facts?.sizeBytes ?? known ?? null };
}
