/**
 * What operators do, `POST /_/read-model` ([RM4] [RM5]): walk the register of objects and, of each, note what it is, bring its copy on, have
 * it made anew beside the one that is read from, or compare both. One bounded step a call, for administrators, who carry the cursor on
 * (`ledge read-model`).
 */

import { Fault, invalidField } from "../../core/fault.ts";
import { type ObjectName, objectName } from "../../core/ids.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import { beginStep } from "../../core/read-model/copy.ts";
import type { ObjectFacts, Place } from "../../core/read-model/pull.ts";
import { type Statement, statementsOf } from "../../core/read-model/statements.ts";
import { isAdmin } from "../../core/scope/principal.ts";
import type { RouteContext } from "../../edge/app-options.ts";
import { mayInspect } from "../../edge/may-inspect.ts";
import { readJsonBody } from "../../edge/read-body.ts";
import { comparePage } from "./compare-copy.ts";
import { databaseOf, runBatch } from "./database.ts";
import { type Consumer, followObject, pullObject } from "./follow-object.ts";
import { groupOf, type Projection } from "./projection.ts";
import { readCopies } from "./read-copies.ts";

/** A step looks at no further object once so much time has passed, so that a call stays below any limit. */
const STEP_MS = 3000;
const MAX_OBJECTS = 50;
const ACTS = ["follow", "rebuild", "compare"] as const;

interface Step {
  readonly act: (typeof ACTS)[number];
  /** Only objects that hold one of these; null: all. */
  readonly tables: readonly string[] | null;
  /** The last object that is done with. */
  readonly after: string;
  /** Of the next one, how far it has been compared. */
  readonly place: Place | null;
}

export async function operate(projection: Projection, context: RouteContext): Promise<Response> {
  const { env, log, user, app } = context;
  if (!mayInspect({ env, principal: user }) && !isAdmin(user))
    throw new Fault(user.kind === "anonymous" ? { slug: "unauthorized" } : { slug: "forbidden" });
  const step = readStep(await readJsonBody(context.request));
  const unknown = step.tables?.find((name) => !projection.tables.has(name));
  if (unknown !== undefined) throw invalidField("tables", `names no copied table: ${unknown}`);
  const consumer: Consumer = { env, database: databaseOf(env, log), projection, clock: Date.now };
  const registry = env.LEDGE_TABLES.getByName(objectName(app.name, "_registry", null));
  const names = (await registry.objects()).map(({ object }) => object).sort();
  const left = names.filter((name) => name > step.after && holds(projection, name, step.tables));
  const endsAt = Date.now() + STEP_MS;
  const done: Json[] = [];
  let { after, place } = step;
  for (const object of left.slice(0, MAX_OBJECTS)) {
    const shown = await actOn(consumer, object, step.act, place, endsAt);
    done.push({ object, ...shown.report });
    place = shown.place;
    if (place === null) after = object;
    if (place !== null || Date.now() >= endsAt) break;
  }
  const isLast = place === null && (left.length === 0 || after === left.at(-1));
  return Response.json(
    { objects: done, next: isLast ? null : { after, place: place as unknown as Json } },
    { headers: { "cache-control": "no-store" } },
  );
}

interface Shown {
  readonly report: { readonly [member: string]: Json };
  readonly place: Place | null;
}

async function actOn(
  consumer: Consumer,
  object: ObjectName,
  act: Step["act"],
  place: Place | null,
  endsAt: number,
): Promise<Shown> {
  try {
    const group = groupOf(consumer.projection, object);
    if (act === "compare" && group !== null) {
      const { place: next, ...report } = await comparePage(consumer, object, place);
      return { report: { ...report, differing: [...report.differing] }, place: report.kind === "busy" ? null : next };
    }
    const columns = group?.columns ?? {};
    const limits = consumer.projection.limits;
    const known = await pullObject(consumer.env, object, { v: 1, limits, tables: columns, from: null });
    if (known.kind !== "facts") return { report: { outcome: "unready" }, place: null };
    if (group === null) await runBatch(consumer.database, noteObject(object, known.facts));
    else if (act === "rebuild" && place === null) {
      const begin = beginStep(object, await readCopies(consumer.database, object), known.facts, group);
      if (begin !== null) await runBatch(consumer.database, statementsOf(begin, group.projected));
    }
    const outcome = group === null ? "noted" : await followObject(consumer, object, { untilMs: endsAt });
    const { epoch, migration, head, sizeBytes } = known.facts;
    // Called again for the same object: what is being built goes on.
    const next = outcome === "more" ? { table: group?.projected[0]?.name ?? "", after: null } : null;
    return { report: { outcome, epoch, migration, seq: head, sizeBytes }, place: next };
  } catch (error) {
    return { report: { outcome: "failed", reason: String(error).slice(0, 200) }, place: null };
  }
}

/** An object that is not copied has a line in the register all the same. */
function noteObject(
  object: ObjectName,
  { epoch, migration, head, sizeBytes, atMs }: ObjectFacts,
): readonly Statement[] {
  const [, , group = "", partition = null] = object.split("/");
  return [
    { sql: "DELETE FROM rm_copies WHERE object = ? AND status = 'listed'", params: [object] },
    {
      sql: `INSERT INTO rm_copies (object, grp, part, status, is_hidden, epoch, migration, form, seq, head, size_bytes, place, as_of, step)
 VALUES (?, ?, ?, 'listed', 0, ?, ?, '', ?, ?, ?, NULL, ?, 0)`,
      params: [object, group, partition, epoch, migration, head, head, sizeBytes, atMs],
    },
  ];
}

function holds(projection: Projection, object: ObjectName, tables: readonly string[] | null): boolean {
  if (tables === null) return true;
  return groupOf(projection, object)?.projected.some(({ name }) => tables.includes(name)) ?? false;
}

function readStep(body: Json): Step {
  const { act = "follow", tables = null, after = "", place = null } = isJsonObject(body) ? body : {};
  if (!ACTS.some((each) => each === act)) throw invalidField("act", `must be one of ${ACTS.join(", ")}`);
  const isList = Array.isArray(tables) && tables.every((each) => typeof each === "string");
  if (tables !== null && !isList) throw invalidField("tables", "must be names of tables");
  if (typeof after !== "string") throw invalidField("after", "must be what the step before answered");
  const isPlace = isJsonObject(place) && typeof place.table === "string";
  if (place !== null && !isPlace) throw invalidField("place", "must be what the step before answered");
  return {
    act: act as Step["act"],
    tables: tables as readonly string[] | null,
    after,
    place: place as unknown as Place | null,
  };
}
