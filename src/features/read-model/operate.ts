/**
 * What operators do, `POST /_/read-model` ([RM4] [RM5]): walk the register of objects, beside what D1 has, and of each object note what it is,
 * bring its copy on, have it made anew beside the one that is read from, or compare both; or remove copies of objects that the register
 * lacks. One bounded step a call, for administrators, who carry the cursor on (`ledge read-model`).
 */

import { invalidField } from "../../core/fault.ts";
import type { ObjectName } from "../../core/ids.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import { beginStep } from "../../core/read-model/copy.ts";
import { type ObjectFacts, PAGE_LIMITS, type Place } from "../../core/read-model/pull.ts";
import { type Statement, statementsOf } from "../../core/read-model/statements.ts";
import type { RouteContext } from "../../edge/app-options.ts";
import { requireOperator } from "../../edge/may-inspect.ts";
import { readJsonBody } from "../../edge/read-body.ts";
import { claimStrays } from "./claim-strays.ts";
import { comparePage } from "./compare-copy.ts";
import { databaseOf, runBatch } from "./database.ts";
import { type Consumer, dropOld, followObject, pullObject } from "./follow-object.ts";
import { groupOf, type Projection } from "./projection.ts";
import { readCopies } from "./read-copies.ts";
import { registeredNames } from "./registered-names.ts";

/** A step looks at no further object once so much time has passed, so that a call stays below any limit. */
const STEP_MS = 3000;
const MAX_OBJECTS = 50;
const MAX_COPIES = 1000;
const ACTS = ["follow", "rebuild", "compare", "drop"] as const;

/** The same object once more, wherever it has got to; of copies without a line, from the first one. */
const GOES_ON: Place = { table: "", after: null };

interface Step {
  readonly act: (typeof ACTS)[number];
  /** Only objects that hold one of these; null: all. */
  readonly tables: readonly string[] | null;
  /** The last object that is done with. */
  readonly after: string;
  /** Of the next one, how far it has been compared. */
  readonly place: Place | null;
  /** What comes before all objects; null: it is done. */
  readonly strays: Place | null;
}

export async function operate(projection: Projection, context: RouteContext): Promise<Response> {
  const { env, log, user } = context;
  requireOperator({ env, principal: user });
  const step = readStep(await readJsonBody(context.request));
  const unknown = step.tables?.find((name) => !projection.tables.has(name));
  if (unknown !== undefined) throw invalidField("tables", `names no copied table: ${unknown}`);
  const consumer: Consumer = { env, database: databaseOf(env, log), projection, clock: Date.now };
  const endsAt = Date.now() + STEP_MS;
  const isOver = () => Date.now() >= endsAt;
  if (step.strays !== null) {
    const strays = await claimStrays(consumer.database, projection, step.strays, { copies: MAX_COPIES, isOver });
    if (strays !== null) return answer([], { after: "", place: null, strays: { ...strays } });
  }
  const { names, registered, end } = await nextObjects(consumer, step.after);
  const done: Json[] = [];
  let { after, place } = step;
  let next: Json = end === undefined ? null : { after: end, place: null };
  const isMeant = (name: ObjectName) =>
    holds(projection, name, step.tables) && !(step.act === "drop" && registered.has(name));
  for (const object of names.filter(isMeant)) {
    const shown = await (registered.has(object)
      ? actOn(consumer, object, step.act, place, endsAt)
      : actOnUnknown(consumer, object, step.act, endsAt));
    done.push({ object, ...shown.report });
    place = shown.place;
    if (place === null) after = object;
    // One object at least, so that a walk comes on whatever went before.
    if (place !== null || isOver()) {
      next = { after, place: place && { ...place } };
      break;
    }
  }
  return answer(done, next);
}

function answer(objects: readonly Json[], next: Json): Response {
  return Response.json({ objects, next }, { headers: { "cache-control": "no-store" } });
}

/** The next objects that the register or D1 knows, in the order of their names; `end`: there may be more behind it. */
async function nextObjects(consumer: Consumer, after: string) {
  // D1 first: an object is in the register before it has a copy.
  const { results } = await consumer.database
    .prepare("SELECT DISTINCT object FROM rm_copies WHERE object > ? AND status <> 'walked' ORDER BY object LIMIT ?")
    .bind(after, MAX_OBJECTS)
    .all<{ object: ObjectName }>();
  const known = await registeredNames(consumer, `t/${consumer.projection.app}`, after, MAX_OBJECTS);
  const lists = [known, results.map(({ object }) => object)];
  // Each is whole up to its end; what lies behind the nearer one comes with the next step.
  const [end] = lists.flatMap((list) => (list.length < MAX_OBJECTS ? [] : list.slice(-1))).sort();
  const names = [...new Set(lists.flat())].sort().filter((name) => end === undefined || name <= end);
  return { names, registered: new Set(known), end };
}

interface Shown {
  readonly report: { readonly [member: string]: Json };
  readonly place: Place | null;
}

/** A copy of an object that is not registered; to ask for that would make it. Left as it is, but where it is to be dropped. */
async function actOnUnknown(consumer: Consumer, object: ObjectName, act: Step["act"], endsAt: number): Promise<Shown> {
  if (act !== "drop") return { report: { kind: "unregistered" }, place: null };
  const hide = "UPDATE rm_copies SET status = 'dropping', is_hidden = 1, step = step + 1 WHERE object = ?";
  await runBatch(consumer.database, [{ sql: hide, params: [object] }]);
  // Whatever group it was of.
  const tables = [...consumer.projection.tables.values()];
  const outcome = await dropOld(consumer, await readCopies(consumer.database, object), tables, endsAt);
  return { report: { outcome }, place: outcome === "more" ? GOES_ON : null };
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
    const known = await pullObject(consumer.env, object, { v: 1, limits: PAGE_LIMITS, tables: {}, from: null });
    if (known.kind !== "facts") return { report: { outcome: "unready" }, place: null };
    if (group === null) await runBatch(consumer.database, noteObject(object, known.facts));
    else if (act === "rebuild" && place === null) {
      const begin = beginStep(object, await readCopies(consumer.database, object), known.facts, group);
      if (begin !== null) await runBatch(consumer.database, statementsOf(begin, group.projected));
    }
    const outcome = group === null ? "noted" : await followObject(consumer, object, { untilMs: endsAt });
    const { epoch, migration, head, sizeBytes } = known.facts;
    // Called again for the same object: what is being built goes on.
    const next = outcome === "more" ? GOES_ON : null;
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
    { sql: "DELETE FROM rm_copies WHERE object = ?", params: [object] },
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
  const given = isJsonObject(body) ? body : {};
  const { act = "follow", tables = null, after = "", place = null } = given;
  const { strays = after === "" && place === null ? { ...GOES_ON } : null } = given;
  if (!ACTS.some((each) => each === act)) throw invalidField("act", `must be one of ${ACTS.join(", ")}`);
  const isList = Array.isArray(tables) && tables.every((each) => typeof each === "string");
  if (tables !== null && !isList) throw invalidField("tables", "must be names of tables");
  if (typeof after !== "string" || !isPlace(place) || !isPlace(strays))
    throw invalidField("after", "must be as the step before answered");
  return { act: act as Step["act"], tables: tables as readonly string[] | null, after, place, strays };
}

/** Of no use but where it came from. */
function isPlace(value: Json): value is Json & (Place | null) {
  return value === null || (isJsonObject(value) && typeof value.table === "string");
}
