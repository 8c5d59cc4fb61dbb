/**
 * In the registry: which objects a person has sockets in, so that they can be told when that person's access ends ([RV6]), and what has
 * ended a moment ago, so that a socket which is on its way meanwhile is refused. A row for each person and object, written once and
 * struck when the object says that it has no socket of theirs any more; one for whoever is still to be told, until it is.
 */

import type { ObjectName } from "../../src/core/ids.ts";
import { type AccessEnded, isEnded } from "../../src/core/scope/access-ended.ts";
import type { Sql, SqlRecord } from "../sql/port.ts";
import { answeredWithin } from "./answered-within.ts";
import { errorText, logLine } from "./log-line.ts";
import type { Store } from "./store.ts";
import { schedule } from "./timers.ts";

/** As long as a ticket lives, and some more. */
const ENDED_KEPT_MS = 60_000;
/** How far clocks of Workers and objects may be apart. */
const SKEW_MS = 500;
/** An object that has not answered by then is told again, after pauses that double. */
const ANSWER_MS = 5000;
const AGAIN_MS = 10_000;
const MAX_PAUSE_MS = 3_600_000;

export interface Follower {
  readonly object: ObjectName;
  readonly userId: string;
  /** Names the proof of the socket's caller. */
  readonly credential: string;
  /** When that proof was looked at. */
  readonly provenAtMs: number;
}

/** Notes that a socket opens; what has ended meanwhile of the access it was opened by, or null. */
export function follow(
  sql: Sql,
  { object, userId, credential, provenAtMs }: Follower,
  nowMs: number,
): AccessEnded["kind"] | null {
  createTables(sql);
  sql.run("DELETE FROM _ended WHERE at < ?", [nowMs - ENDED_KEPT_MS]);
  for (const row of sql.all("SELECT at, ended FROM _ended WHERE user = ? AND at > ?", [userId, provenAtMs - SKEW_MS])) {
    const ended = JSON.parse(String(row.ended)) as AccessEnded;
    if (!isEnded({ userId, credential }, ended)) continue;
    if (Number(row.at) > provenAtMs) return ended.kind;
    // Whoever comes back at once has the rights of now, or has signed in anew: by clocks that may differ, so they are to try again in a moment.
    if (ended.kind !== "changed") return "changed";
  }
  const known = sql.all("SELECT 1 AS known FROM _followers WHERE user = ? AND object = ?", [userId, object]);
  if (known.length === 0) sql.run("INSERT INTO _followers (user, object) VALUES (?, ?)", [userId, object]);
  return null;
}

/** Tells an object; whether the person has sockets left there. Rejects when it is lost. */
export type TellEnded = (object: ObjectName, ended: AccessEnded) => Promise<boolean>;

/**
 * Tells every object in which the person has sockets. Whom it has to tell is stored before: who could not be told, this time, is told by the
 * alarm until it answers. Resolves when all were tried.
 */
export async function endAccess(store: Store, ended: AccessEnded, tell: TellEnded): Promise<void> {
  const { sql } = store;
  const nowMs = store.clock();
  createTables(sql);
  const { userId } = ended;
  const text = JSON.stringify(ended);
  sql.transaction(() => {
    sql.run("INSERT INTO _ended (user, at, ended) VALUES (?, ?, ?)", [userId, nowMs, text]);
    const due = sql.all(
      `INSERT INTO _untold (object, ended, user, tries, at) SELECT object, ?, user, 0, ? FROM _followers WHERE user = ?
       ON CONFLICT (object, ended) DO UPDATE SET tries = 0, at = excluded.at RETURNING 1 AS due`,
      [text, nowMs + AGAIN_MS, userId],
    );
    if (due.length > 0) schedule(sql, store.alarm, "access", nowMs + AGAIN_MS);
  });
  await tellRows(store, sql.all("SELECT object, ended, user, tries FROM _untold WHERE ended = ?", [text]), tell);
}

/** By the alarm: those who could not be told and whose time has come. */
export async function endAccessAgain(store: Store, tell: TellEnded): Promise<null> {
  const rows = store.sql.all("SELECT object, ended, user, tries FROM _untold WHERE at <= ? LIMIT 100", [store.clock()]);
  await tellRows(store, rows, tell);
  return null;
}

/** When somebody is to be told again (ms), or null. */
export function nextEnding({ sql }: Store): number | null {
  const next = sql.all("SELECT min(at) AS at FROM _untold", [])[0]?.at;
  return typeof next === "number" ? next : null;
}

async function tellRows(store: Store, rows: readonly SqlRecord[], tell: TellEnded): Promise<void> {
  await Promise.all(rows.map((row) => tellRow(store, row, tell)));
}

async function tellRow(store: Store, row: SqlRecord, tell: TellEnded): Promise<void> {
  const { sql } = store;
  const object = String(row.object) as ObjectName;
  const key = [object, String(row.ended)];
  try {
    const hasMore = await answeredWithin(ANSWER_MS, tell(object, JSON.parse(String(row.ended)) as AccessEnded));
    if (hasMore === null) throw new Error("it did not answer in time");
    if (!hasMore) sql.run("DELETE FROM _followers WHERE user = ? AND object = ?", [String(row.user), object]);
    sql.run("DELETE FROM _untold WHERE object = ? AND ended = ?", key);
  } catch (error) {
    const tries = Number(row.tries) + 1;
    const at = store.clock() + Math.min(AGAIN_MS * 2 ** (tries - 1), MAX_PAUSE_MS);
    sql.run("UPDATE _untold SET tries = ?, at = ? WHERE object = ? AND ended = ?", [tries, at, ...key]);
    logLine("warn", "sockets of somebody whose access has ended could not be closed yet", {
      ...{ object: store.name, of: object, tries, error: errorText(error) },
    });
  }
}

function createTables(sql: Sql): void {
  sql.run(
    "CREATE TABLE IF NOT EXISTS _followers (user TEXT NOT NULL, object TEXT NOT NULL, PRIMARY KEY (user, object)) WITHOUT ROWID",
    [],
  );
  sql.run(
    `CREATE TABLE IF NOT EXISTS _untold (object TEXT NOT NULL, ended TEXT NOT NULL, user TEXT NOT NULL, tries INTEGER NOT NULL,
       at INTEGER NOT NULL, PRIMARY KEY (object, ended)) WITHOUT ROWID`,
    [],
  );
  sql.run("CREATE TABLE IF NOT EXISTS _ended (user TEXT NOT NULL, at INTEGER NOT NULL, ended TEXT NOT NULL)", []);
}
