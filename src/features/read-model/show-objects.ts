/** `GET /_/read-model`: the register of objects as D1 has it, each with how far its copy is behind ([RM5]). For administrators; pages by name. */

import { Fault } from "../../core/fault.ts";
import { isAdmin } from "../../core/scope/principal.ts";
import type { RouteContext } from "../../edge/app-options.ts";
import { mayInspect } from "../../edge/may-inspect.ts";
import { queryParameters } from "../../edge/query-parameters.ts";
import { databaseOf } from "./database.ts";

const PAGE_ROWS = 100;

export async function showObjects(context: RouteContext): Promise<Response> {
  const { env, log, user, url } = context;
  if (!mayInspect({ env, principal: user }) && !isAdmin(user))
    throw new Fault(user.kind === "anonymous" ? { slug: "unauthorized" } : { slug: "forbidden" });
  const after = queryParameters(url, ["after"]).get("after") ?? "";
  const { results } = await databaseOf(env, log)
    .prepare(
      `SELECT object, grp, part, status, epoch, migration, seq, head, size_bytes, as_of FROM rm_copies
 WHERE object > ? AND status <> 'dropping' ORDER BY object, status LIMIT ?`,
    )
    .bind(after, PAGE_ROWS)
    .all<Record<string, string | number | null>>();
  const items = results.map((record) => ({
    object: record.object,
    group: record.grp,
    partition: record.part,
    status: record.status,
    migration: record.migration,
    epoch: record.epoch,
    seq: record.seq,
    lag: Number(record.head) - Number(record.seq),
    sizeBytes: record.size_bytes,
    asOf: record.as_of === 0 ? null : new Date(Number(record.as_of)).toISOString(),
  }));
  const next = results.length < PAGE_ROWS ? null : (items.at(-1)?.object ?? null);
  return Response.json({ items, next }, { headers: { "cache-control": "no-store" } });
}
