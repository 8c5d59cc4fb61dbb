/**
 * `_queries`: the text of each distinct query that sockets follow, under a number that their attachments remember. Written once for each;
 * what no socket follows any more is removed when the object wakes and there are many. Made when the first socket comes.
 */

import type { QueryStore } from "../../src/core/live/live-source.ts";
import type { Sql } from "../sql/port.ts";

/** Kept without a look at whether they are still followed. */
const MANY = 500;

export function openQueries(sql: Sql): QueryStore {
  sql.run("CREATE TABLE IF NOT EXISTS _queries (key INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)", []);
  return {
    keyOf(text) {
      const known = sql.all("SELECT key FROM _queries WHERE text = ?", [text])[0];
      if (known !== undefined) return Number(known.key);
      return Number(sql.all("INSERT INTO _queries (text) VALUES (?) RETURNING key", [text])[0]?.key);
    },
    textOf(key) {
      const row = sql.all("SELECT text FROM _queries WHERE key = ?", [key])[0];
      return row === undefined ? null : String(row.text);
    },
  };
}

/** Removes queries that none of these keys names. Numbers are not given twice while a socket may hold them: the highest stays. */
export function pruneQueries(sql: Sql, followed: readonly number[]): void {
  const count = Number(sql.all("SELECT count(*) AS count FROM _queries", [])[0]?.count ?? 0);
  if (count <= MANY) return;
  sql.run(
    `DELETE FROM _queries WHERE key NOT IN (SELECT value FROM json_each(?)) AND key < (SELECT max(key) FROM _queries)`,
    [JSON.stringify(followed)],
  );
}
