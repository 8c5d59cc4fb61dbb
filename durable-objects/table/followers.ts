/**
 * In the registry: which objects a person has sockets in, so that they can be told when that person's access ends ([RV6]), and what has
 * ended a moment ago, so that a socket which is on its way meanwhile is refused. A row for each person and object, written once and
 * struck when the object says that it has no socket of theirs any more.
 */

import type { ObjectName } from "../../src/core/ids.ts";
import { type AccessEnded, isEnded } from "../../src/core/scope/access-ended.ts";
import type { Sql } from "../sql/port.ts";

/** As long as a ticket lives, and some more. */
const ENDED_KEPT_MS = 60_000;
/** How far clocks of Workers and objects may be apart. */
const SKEW_MS = 2000;

export interface Follower {
  readonly object: ObjectName;
  readonly userId: string;
  /** Names the proof of the socket's caller. */
  readonly credential: string;
  /** When that proof was looked at. */
  readonly provenAtMs: number;
}

/** Notes that a socket opens; false: the access it was opened by has ended meanwhile. */
export function follow(sql: Sql, { object, userId, credential, provenAtMs }: Follower, nowMs: number): boolean {
  createTables(sql);
  sql.run("DELETE FROM _ended WHERE at < ?", [nowMs - ENDED_KEPT_MS]);
  const ended = sql.all("SELECT ended FROM _ended WHERE user = ? AND at > ?", [userId, provenAtMs - SKEW_MS]);
  if (ended.some((row) => isEnded({ userId, credential }, JSON.parse(String(row.ended)) as AccessEnded))) return false;
  const known = sql.all("SELECT 1 AS known FROM _followers WHERE user = ? AND object = ?", [userId, object]);
  if (known.length === 0) sql.run("INSERT INTO _followers (user, object) VALUES (?, ?)", [userId, object]);
  return true;
}

/** Tells every object in which the person has sockets; rejects when one could not be told. `tell` says whether any are left. */
export async function endAccess(
  sql: Sql,
  ended: AccessEnded,
  { tell, nowMs }: { readonly tell: (object: ObjectName) => Promise<boolean>; readonly nowMs: number },
): Promise<void> {
  createTables(sql);
  const { userId } = ended;
  sql.run("INSERT INTO _ended (user, at, ended) VALUES (?, ?, ?)", [userId, nowMs, JSON.stringify(ended)]);
  const rows = sql.all("SELECT object FROM _followers WHERE user = ?", [userId]);
  const told = await Promise.allSettled(
    rows.map(async (row) => {
      const object = String(row.object) as ObjectName;
      if (!(await tell(object))) sql.run("DELETE FROM _followers WHERE user = ? AND object = ?", [userId, object]);
    }),
  );
  const failed = told.find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

function createTables(sql: Sql): void {
  sql.run(
    "CREATE TABLE IF NOT EXISTS _followers (user TEXT NOT NULL, object TEXT NOT NULL, PRIMARY KEY (user, object)) WITHOUT ROWID",
    [],
  );
  sql.run("CREATE TABLE IF NOT EXISTS _ended (user TEXT NOT NULL, at INTEGER NOT NULL, ended TEXT NOT NULL)", []);
}
