/**
 * What the writers were told against what is stored. Each key's stored reply says whether its operation took place, also
 * where nobody waited for the reply; folding the operations that did, in the writers' order, gives every row exactly. Returns
 * what does not hold, in words.
 */

import type { Told } from "./app/tell.ts";
import { checkEffects } from "./check-effects.ts";
import type { StoredObject } from "./object-file.ts";
import { type BatchRow, bodyOf, type Operation, stepOf, TALLIES } from "./operations.ts";
import type { Readings } from "./readers.ts";
import type { Outcome } from "./writers.ts";

export interface Evidence {
  readonly outcomes: readonly Outcome[];
  readonly readings: Readings;
  readonly objects: ReadonlyMap<string, StoredObject>;
  readonly told: readonly Told[];
}

export type Say = (text: string) => void;

export function checkCampaign(evidence: Evidence): string[] {
  const wrong: string[] = [];
  const say = (text: string) => wrong.push(text);
  checkKeys(evidence, say);
  checkReplies(evidence, say);
  checkReadings(evidence, say);
  checkRows(evidence, say);
  checkTallies(evidence, say);
  checkEffects(evidence, say, (operation) => committed(evidence, operation));
  return wrong;
}

/** The object that an operation goes to. */
export function objectOf({ table, partition }: Operation): string {
  const group = table === "orders" || table === "lines" ? "shop" : table;
  return `t/crash/${group}${partition === null ? "" : `/${partition}`}`;
}

/** A key tells by its stored reply, a write without one by its name in the ledger (whole, for the tables that are written so). */
function committed({ objects }: Evidence, { isKeyed, key, ...operation }: Operation): boolean {
  const object = objects.get(objectOf({ isKeyed, key, ...operation }));
  return object !== undefined && (isKeyed ? object.replies.has(key) : writtenBy(object).has(key));
}

/** By the key that rows carry as `last`: the commits that wrote it. */
function writtenBy(object: StoredObject): ReadonlyMap<string, readonly number[]> {
  let known = written.get(object);
  if (known === undefined) {
    known = new Map();
    for (const { seq, changes } of object.log) {
      const keys = new Set(changes.flatMap(({ after }) => (typeof after?.last === "string" ? [after.last] : [])));
      for (const key of keys) known.set(key, [...(known.get(key) ?? []), seq]);
    }
    written.set(object, known);
  }
  return known;
}
const written = new WeakMap<StoredObject, Map<string, number[]>>();

export function rowsOf(operation: Operation): readonly BatchRow[] {
  return operation.batch ?? [operation];
}

/** One commit a key, one key a commit: every request changed something, so replies, and names where there was no key, are 1..n. */
function checkKeys({ objects, outcomes }: Evidence, say: Say): void {
  const made = new Map(
    outcomes.flatMap(({ operation, madeKey }) => (madeKey === null ? [] : [[madeKey, operation.key]])),
  );
  const sent = new Set([...outcomes.map(({ operation }) => operation.key), ...made.keys()]);
  for (const object of objects.values()) {
    const { name, epoch, log, replies } = object;
    const keyOf = new Map<number, string>();
    for (const { operation } of outcomes) {
      if (operation.isKeyed || objectOf(operation) !== name) continue;
      const commits = writtenBy(object).get(operation.key) ?? [];
      if (commits.length > 1) say(`${name}: ${operation.key}, sent without a key, acted at ${commits.join(" and ")}`);
      for (const seq of commits) keyOf.set(seq, operation.key);
    }
    for (const [key, { position, seq }] of replies) {
      const twin = keyOf.get(seq);
      if (twin !== undefined && twin !== made.get(key)) say(`${name}: seq ${seq} answers two keys, ${twin} and ${key}`);
      keyOf.set(seq, key);
      if (!sent.has(key)) say(`${name}: key ${key} was never sent`);
      if (position !== `${epoch}:${seq}`) say(`${name}: key ${key} has position ${position}, the epoch is ${epoch}`);
    }
    const last = log.at(-1)?.seq ?? 0;
    for (let seq = 1; seq <= last; seq++)
      if (!keyOf.has(seq))
        say(`${name}: commit ${seq} belongs to no key: some key acted twice, or its reply was not kept`);
    for (const seq of keyOf.keys())
      if (seq > last) say(`${name}: a reply is kept for seq ${seq}, the ledger ends at ${last}`);
  }
}

/** What was acknowledged is what is kept, word for word; what was refused left nothing. */
function checkReplies({ outcomes, objects }: Evidence, say: Say): void {
  for (const { operation, reply } of outcomes) {
    if (!operation.isKeyed) {
      checkUnkeyed({ operation, reply }, objects.get(objectOf(operation)), say);
      continue;
    }
    const kept = objects.get(objectOf(operation))?.replies.get(operation.key);
    if (operation.act === "refuse") {
      if (kept !== undefined) say(`${operation.key} was rolled back and has a kept reply`);
      continue;
    }
    if (reply === null) continue;
    if (kept === undefined) say(`${operation.key} was acknowledged at ${reply.position} and is lost`);
    else if (kept.status !== reply.status || kept.position !== reply.position || (kept.body ?? "") !== reply.text) {
      say(
        `${operation.key}: acknowledged ${reply.status} ${reply.position} ${reply.text}, kept ${kept.status} ${kept.position} ${kept.body}`,
      );
    }
  }
}

/** Without a key no reply is kept; the ledger says what was done, and where. */
function checkUnkeyed(
  { operation, reply }: Pick<Outcome, "operation" | "reply">,
  object: StoredObject | undefined,
  say: Say,
): void {
  if (reply === null) return;
  const seq = Number(reply.position?.split(":")[1]);
  const commits = object === undefined ? [] : (writtenBy(object).get(operation.key) ?? []);
  if (!commits.includes(seq))
    say(
      `${operation.key}, without a key, was acknowledged at ${reply.position}, and the ledger has it at ${commits.join() || "no seq"}`,
    );
}

/** Whatever a reader was shown is there: nothing was read before it was durable. */
function checkReadings({ readings, objects }: Evidence, say: Say): void {
  for (const [key, object] of readings.seen) {
    const stored = objects.get(object);
    if (stored?.replies.has(key) !== true && stored !== undefined && !writtenBy(stored).has(key))
      say(`${object}: a reader was shown the write of ${key}, which is lost`);
  }
  for (const [object, seq] of readings.heads) {
    const last = objects.get(object)?.log.at(-1)?.seq ?? 0;
    if (seq > last) say(`${object}: a reader was told seq ${seq}, the ledger ends at ${last}`);
  }
}

interface Expected {
  readonly origin: string;
  last: string;
  /** PATCHes that a before-hook counted. */
  looks: number;
  /** Removed softly: it is still there. */
  isGone: boolean;
}

/** Folds what took place into the rows that must be there, and compares both ways. */
function checkRows(evidence: Evidence, say: Say): void {
  const expected = new Map<string, Map<string, Expected>>();
  const ids = new Map<string, string>();
  const parents = new Map<string, string>();
  for (const outcome of evidence.outcomes) {
    const { operation } = outcome;
    const { table, act, key } = operation;
    if (table === "tallies" || !committed(evidence, operation)) continue;
    const place = `${objectOf(operation)} ${table}`;
    const rows = expected.get(place) ?? new Map<string, Expected>();
    expected.set(place, rows);
    for (const [index, { origin, parent }] of rowsOf(operation).entries()) {
      if (act === "create") {
        rows.set(origin, { origin, last: key, looks: 0, isGone: false });
        if (parent !== null) parents.set(origin, parent);
        const id = idInReply(evidence, outcome, index);
        if (id === null) continue;
        const twin = ids.get(`${place} ${id}`);
        if (twin !== undefined) say(`${place}: id ${id} was given to ${twin} and to ${origin}`);
        ids.set(`${place} ${id}`, origin);
      } else if (act === "upsert" && !rows.has(origin)) {
        rows.set(origin, { origin, last: key, looks: 0, isGone: false });
      } else if ((act === "delete" && table === "papers") || act === "restore") {
        const row = rows.get(origin);
        if (row === undefined) say(`${key} was to ${act} ${origin}, which was gone for good`);
        else row.isGone = act === "delete";
      } else if (act === "delete" || act === "remove") {
        rows.delete(origin);
        const lines = table === "orders" ? expected.get(`${objectOf(operation)} lines`) : undefined;
        for (const line of lines?.keys() ?? []) if (parents.get(line) === origin) lines?.delete(line);
      } else {
        const row = rows.get(origin);
        if (row === undefined) say(`${key} changed ${origin}, which was gone`);
        else Object.assign(row, { last: key, looks: row.looks + 1 });
      }
    }
  }
  for (const object of evidence.objects.values()) {
    for (const [table, stored] of object.tables) {
      if (table === "tallies" || table === "marks") continue;
      const rows = new Map(expected.get(`${object.name} ${table}`));
      for (const [id, { row }] of stored) {
        const origin = String(row.origin);
        const known = rows.get(origin);
        rows.delete(origin);
        if (known === undefined)
          say(`${object.name}: ${table} ${id} of ${origin} is there once too often, or should be gone`);
        else checkRow(`${object.name}: ${table} ${id}`, row, known, say);
      }
      for (const { origin, last } of rows.values())
        say(`${object.name}: the row of ${origin} in ${table}, last written by ${last}, is lost`);
    }
  }
}

/** The id that a creation was answered with; null when nobody was answered. */
function idInReply({ objects }: Evidence, { operation, reply }: Outcome, index: number): string | null {
  const text = objects.get(objectOf(operation))?.replies.get(operation.key)?.body ?? reply?.text;
  if (text === undefined) return null;
  const body = JSON.parse(text) as { id?: unknown; items?: readonly { id: unknown }[] };
  return String(operation.batch === null ? body.id : body.items?.[index]?.id);
}

function checkRow(place: string, row: Readonly<Record<string, unknown>>, known: Expected, say: Say): void {
  if (row.last !== known.last) say(`${place} was last written by ${known.last}, holds ${row.last}`);
  if (row.body !== bodyOf(known.last)) say(`${place} has a body that ${known.last} never wrote`);
  if ("goneAt" in row && (row.goneAt !== null) !== known.isGone)
    say(`${place} is ${known.isGone ? "to be gone" : "to be there"}, its goneAt is ${row.goneAt}`);
  if ("stamp" in row && (row.stamp !== `before ${known.last}` || row.looks !== known.looks)) {
    say(
      `${place} carries ${row.stamp} and ${row.looks} from its before-hook, expected before ${known.last} and ${known.looks}`,
    );
  }
}

/** Sums, and the marks that the hook left beside them: each patch counted once, each refused one not at all. */
function checkTallies(evidence: Evidence, say: Say): void {
  const object = evidence.objects.get("t/crash/tallies");
  if (object === undefined) {
    say("the tallies are gone");
    return;
  }
  const patches = evidence.outcomes
    .map(({ operation }) => operation)
    .filter(({ table, act }) => table === "tallies" && act === "patch");
  const done = patches.filter((operation) => committed(evidence, operation));
  for (const id of TALLIES) {
    const sum = done.filter((operation) => operation.id === id).reduce((total, { key }) => total + stepOf(key), 0);
    const total = object.tables.get("tallies")?.get(id)?.row.total;
    if (total !== sum) say(`tally ${id} is ${total}, its patches add up to ${sum}`);
  }
  const marks = [...(object.tables.get("marks")?.values() ?? [])].map(({ row }) => String(row.origin)).sort();
  const keys = done.map(({ key }) => key).sort();
  if (marks.join() !== keys.join())
    say(`${marks.length} marks for ${keys.length} patches of tallies: ${difference(marks, keys)}`);
}

function difference(a: readonly string[], b: readonly string[]): string {
  const extra = a.filter((each, index) => !b.includes(each) || a.indexOf(each) !== index);
  const missing = b.filter((each) => !a.includes(each));
  return `too many ${extra.slice(0, 5).join(", ")}; missing ${missing.slice(0, 5).join(", ")}`;
}
