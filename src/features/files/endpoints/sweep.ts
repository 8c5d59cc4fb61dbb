/**
 * `POST /_/files/sweep`, for operators: one step of the sweep a call. The body says where it goes on; `{ "act": "remove" }` lets it take away
 * what no row holds. First the bucket, then the rows of every object that has file tables.
 */

import { invalidField } from "../../../core/fault.ts";
import { type ObjectName, objectName, type RowId } from "../../../core/ids.ts";
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import type { AnyResource } from "../../../define/resource.ts";
import type { RouteContext } from "../../../edge/app-options.ts";
import { requireOperator } from "../../../edge/may-inspect.ts";
import { readJsonObject } from "../../../edge/read-body.ts";
import { registryOf } from "../../../edge/registry-of.ts";
import { bucketOf } from "../bucket.ts";
import { fileRulesOf, isFileResource } from "../file-resource.ts";
import { type SweptTable, sweepBucket, sweepRows } from "../sweep.ts";

/** Where a sweep stands: in the bucket, then at a row of one table of one object. */
type Place =
  | { readonly in: "bucket"; readonly cursor: string | null }
  | { readonly in: "rows"; readonly at: number; readonly after: RowId | null };

interface Found {
  readonly looked: number;
  readonly orphans: readonly string[];
  readonly lost: readonly object[];
  readonly overdue: readonly object[];
  /** Null: that was the last step. */
  readonly next: Place | null;
}

export async function sweepStep(context: RouteContext): Promise<Response> {
  const { env, user, app, log } = context;
  requireOperator({ env, principal: user });
  const body = await readJsonObject(context.request);
  const act = body.act ?? "look";
  if (act !== "look" && act !== "remove") throw invalidField("act", "must be look or remove", "enum");
  const place = readPlace(body.next);
  const bucket = bucketOf(env, log);
  if (place.in === "bucket") {
    const { looked, orphans, cursor } = await sweepBucket(
      env,
      bucket,
      { name: app.name, isFileTable: (table) => isFileTable(app.resources.get(table)) },
      { cursor: place.cursor, act },
    );
    if (act === "remove" && orphans.length > 0) log.warn("a sweep removed bytes that no row held", { orphans });
    const next: Place = cursor === null ? { in: "rows", at: 0, after: null } : { in: "bucket", cursor };
    return answer({ looked, orphans: [...orphans], next });
  }
  const targets = await fileTables(context);
  const target = targets[place.at];
  if (target === undefined) return answer({ looked: 0, next: null });
  const { looked, lost, overdue, after } = await sweepRows(env, bucket, target, {
    after: place.after,
    act,
    nowMs: Date.now(),
  });
  const next: Place = after === null ? { in: "rows", at: place.at + 1, after: null } : { ...place, after };
  const where = { object: target.object, table: target.table };
  if (lost.length > 0) log.error("files have lost their bytes", { ...where, ids: [...lost] });
  const named = (ids: readonly RowId[]) => ids.map((id) => ({ ...where, id }));
  return answer({ looked, lost: named(lost), overdue: named(overdue), next });
}

function readPlace(value: unknown): Place {
  if (value === undefined) return { in: "bucket", cursor: null };
  const place = isJsonObject(value as never) ? (value as JsonObject) : {};
  if (place.in === "bucket" && (place.cursor === null || typeof place.cursor === "string"))
    return { in: "bucket", cursor: place.cursor };
  const { at, after } = place;
  const isAfter = after === null || typeof after === "string" || typeof after === "number";
  if (place.in === "rows" && typeof at === "number" && Number.isInteger(at) && at >= 0 && isAfter)
    return { in: "rows", at, after };
  throw invalidField("next", "must be what the step before gave", "type");
}

/** Every object of the register, with each file table that it may hold; in the order of the register, which only grows. */
async function fileTables({ env, app }: RouteContext): Promise<SweptTable[]> {
  const registry = registryOf(env, app.name);
  const tables = [...app.resources.values()].filter(isFileResource);
  return (await registry.objects()).flatMap(({ object }) =>
    tables
      .filter(({ spec }) => isOf(object, app.name, spec.group))
      .map((table) => ({ object, table: table.name, primaryKey: table.spec.primaryKey, rules: fileRulesOf(table) })),
  );
}

function isFileTable(resource: AnyResource | undefined): boolean {
  return resource !== undefined && isFileResource(resource);
}

function isOf(object: ObjectName, app: string, group: string): boolean {
  const whole = objectName(app, group, null);
  return object === whole || object.startsWith(`${whole}/`);
}

function answer(found: Partial<Found> & Pick<Found, "looked" | "next">): Response {
  const body: Found = { orphans: [], lost: [], overdue: [], ...found };
  return Response.json(body, { headers: { "cache-control": "no-store" } });
}
