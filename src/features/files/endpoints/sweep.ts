/**
 * `POST /_/files/sweep`, for operators: one step of the sweep a call. The body says where it goes on; `{ "act": "remove" }` lets it take away
 * what no row holds. First the bucket, then the rows of every object that has file tables.
 */

import { Fault, invalidField } from "../../../core/fault.ts";
import { type ObjectName, objectName } from "../../../core/ids.ts";
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import { REGISTRY_GROUP } from "../../../core/protocol/live-opening.ts";
import type { AnyResource } from "../../../define/resource.ts";
import type { RouteContext } from "../../../edge/app-options.ts";
import type { LedgeEnv } from "../../../edge/env.ts";
import { mayInspect } from "../../../edge/may-inspect.ts";
import { readJsonObject } from "../../../edge/read-body.ts";
import { bucketOf } from "../bucket.ts";
import { isFileResource } from "../file-resource.ts";
import { sweepBucket, sweepRows } from "../sweep.ts";

/** Where a sweep stands: in the bucket, then at a row of one table of one object. */
type Place =
  | { readonly in: "bucket"; readonly cursor: string | null }
  | { readonly in: "rows"; readonly at: number; readonly after: string | number | null };

export async function sweepStep(context: RouteContext): Promise<Response> {
  const { env, user, app, log } = context;
  if (!mayInspect({ env: env as LedgeEnv, principal: user }))
    throw new Fault(user.kind === "anonymous" ? { slug: "unauthorized" } : { slug: "forbidden" });
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
    return answer({ looked, orphans: [...orphans], lost: [], next });
  }
  const targets = await fileTables(context);
  const target = targets[place.at];
  if (target === undefined) return answer({ looked: 0, orphans: [], lost: [], next: null });
  const { looked, lost, after } = await sweepRows(env, bucket, target, place.after);
  const next: Place = after === null ? { in: "rows", at: place.at + 1, after: null } : { ...place, after };
  const where = { object: target.object, table: target.table };
  if (lost.length > 0) log.error("files have lost their bytes", { ...where, ids: [...lost] });
  return answer({ looked, orphans: [], lost: lost.map((id) => ({ ...where, id })), next });
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
async function fileTables({ env, app }: RouteContext) {
  const registry = (env as LedgeEnv).LEDGE_TABLES.getByName(objectName(app.name, REGISTRY_GROUP, null));
  const tables = [...app.resources.values()].filter(isFileResource);
  return (await registry.objects()).flatMap(({ object }) =>
    tables
      .filter(({ spec }) => isOf(object, app.name, spec.group))
      .map(({ spec }) => ({ object, table: spec.name, primaryKey: spec.primaryKey })),
  );
}

function isFileTable(resource: AnyResource | undefined): boolean {
  return resource !== undefined && isFileResource(resource);
}

function isOf(object: ObjectName, app: string, group: string): boolean {
  const whole = objectName(app, group, null);
  return object === whole || object.startsWith(`${whole}/`);
}

function answer(body: object): Response {
  return Response.json(body, { headers: { "cache-control": "no-store" } });
}
