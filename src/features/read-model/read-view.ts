/**
 * One read of D1 under a caller: the rows and the age of the copies in one instant; the answer waits for what its reader has seen already
 * ([HT8]), by bringing the copies on itself, for 200 ms at most. Then it is 503 `read-behind`, unless whoever asks knows another way.
 */

import type { Sql } from "../../../durable-objects/sql/port.ts";
import { Fault } from "../../core/fault.ts";
import { type ObjectName, objectName } from "../../core/ids.ts";
import { type Position, positionsBehind } from "../../core/read-model/age.ts";
import type { Exchange } from "../../edge/exchange.ts";
import { registryOf } from "../../edge/registry-of.ts";
import { type Database, databaseOf } from "./database.ts";
import { followObject } from "./follow-object.ts";
import type { Projection } from "./projection.ts";
import {
  type Age,
  ageStatements,
  type GroupAge,
  isPartitioned,
  MAX_NAMED_OBJECTS,
  readAge,
  toldPositions,
  wantedPositions,
} from "./read-age.ts";
import { readInstant } from "./read-instant.ts";
import { walkObjects } from "./walk-objects.ts";

/** How long an answer waits for a position ([HT8]). */
const WAIT_MS = 200;
/** An answer older than this has its objects asked for news, behind the reply. */
const STALE_MS = 5000;
const REFRESH_MS = 1000;

const BOOKMARK = "ledge-bookmark";
const BOOKMARK_FORM = /^[\x21-\x7e]{1,200}$/;

export interface ReadAnswer<T> {
  readonly result: T;
  readonly age: Age;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a read stands on. */
export interface Standing {
  /** Of the tables that are read. */
  readonly groups: readonly string[];
  /** The object that has all rows of it; null: several may. Positions of others are nothing to it. */
  readonly object?: ObjectName | null;
  /** Whether the reader may see all of its rows, by what scope is in force. Default: some. */
  readonly sight?: "all" | "some";
}

/** Throws `read-behind`. */
export async function readUnderAge<T>(
  exchange: Exchange,
  projection: Projection,
  standing: Standing,
  work: (sql: Sql) => T,
): Promise<ReadAnswer<T>> {
  const { env, log, request, lifetime } = exchange;
  const database = databaseOf(env, log);
  const given = request.headers.get(BOOKMARK);
  const { groups, object = null, sight = "some" } = standing;
  const wanted = (await wantedPositions(exchange, groups)).filter(
    (position) => object === null || position.object === object,
  );
  // Any replica will do, but for a reader who has seen a later state, or whose position has to be waited for.
  const session = database.withSession(given !== null && BOOKMARK_FORM.test(given) ? given : "first-unconstrained");
  const along = ageStatements(
    groups,
    wanted.map(({ epoch }) => epoch),
  );
  const read = async (from: Database) => {
    const instant = await readInstant(from, along, work).catch((error: unknown) => refuseMissing(exchange, error));
    const age = readAge(instant.along, projection, groups);
    return { result: instant.result, age, behind: positionsBehind(wanted, [...age.cursors, ...age.named]) };
  };
  let answer = await read(session);
  let bookmark: string | null = session.getBookmark() ?? null;
  if (answer.behind.length > 0) {
    await catchUp(exchange, projection, answer.behind);
    const primary = database.withSession("first-primary");
    answer = await read(primary);
    bookmark = primary.getBookmark() ?? null;
    if (answer.behind.length > 0) throw new Fault({ slug: "read-behind", retryAfter: 1 });
  }
  const { result, age } = answer;
  lifetime.waitUntil(renew(exchange, projection, age));
  const positions = await toldPositions(exchange, age, sight);
  return {
    result,
    age,
    headers: {
      "content-type": "application/json",
      "cache-control": "private, no-store",
      ...(positions === null ? {} : { "ledge-seq": positions }),
      ...(bookmark === null ? {} : { [BOOKMARK]: bookmark }),
    },
  };
}

/** D1 before or after its migrations: it lacks what this version reads. The object may know, nobody is told the name. */
function refuseMissing({ log }: Exchange, error: unknown): never {
  if (!/no such (?:column|table)/.test(String(error))) throw error;
  log.error("D1 is behind this version", { error: String(error), mend: "npm run deploy" });
  throw new Fault({ slug: "read-behind", retryAfter: 5 });
}

/** What every answer says of its age. */
export function ageMembers({ asOfMs }: Age): { readonly asOf: string | null } {
  return { asOf: asOfMs === null || asOfMs === 0 ? null : new Date(asOfMs).toISOString() };
}

/** Groups that are being renewed for a reader of this isolate, and until when (ms) that is believed. */
const renewing = new Map<string, number>();

/** Behind the reply: of a group that is too old its one object is asked for news, or all its objects in turn. Each once at a time. */
async function renew(exchange: Exchange, projection: Projection, { groups, cursors }: Age): Promise<void> {
  const { env, log, nowMs } = exchange;
  const consumer = { env, database: databaseOf(env, log), projection, clock: Date.now };
  const isStale = ([group, { asOfMs, dueMs }]: readonly [string, GroupAge]) =>
    nowMs - (asOfMs ?? 0) > STALE_MS && dueMs <= nowMs && (renewing.get(group) ?? 0) <= nowMs;
  await Promise.all(
    [...groups].filter(isStale).map(async ([group]) => {
      renewing.set(group, nowMs + STALE_MS);
      const object = objectName(projection.app, group, null);
      if (!isPartitioned(projection, group)) {
        // One that has no copy may be there all the same: D1 is new, or lost. To ask an object that is not there would make it.
        const { app } = projection;
        if (cursors.some((cursor) => cursor.object === object) || (await registryOf(env, app).isRegistered(object)))
          await refresh(exchange, projection, [object]);
      } else {
        await walkObjects(consumer, group).catch((error: unknown) => {
          log.debug("a walk was left", { group, error: String(error) });
        });
      }
      renewing.delete(group);
    }),
  );
}

/** Brings the copies of these objects on, for as long as the reader waits. What is left over goes on behind the reply. */
async function catchUp(exchange: Exchange, projection: Projection, behind: readonly Position[]): Promise<void> {
  const objects = [...new Set(behind.map(({ object }) => object))];
  const work = refresh(exchange, projection, objects);
  exchange.lifetime.waitUntil(work);
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, WAIT_MS);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

async function refresh({ env, log }: Exchange, projection: Projection, objects: readonly ObjectName[]): Promise<void> {
  const consumer = { env, database: databaseOf(env, log), projection, clock: Date.now };
  const untilMs = Date.now() + REFRESH_MS;
  await Promise.all(
    objects.slice(0, MAX_NAMED_OBJECTS).map((object) =>
      followObject(consumer, object, { untilMs }).catch((error: unknown) => {
        log.warn("a copy could not be brought on", { object, error: String(error) });
      }),
    ),
  );
}
