/**
 * `_tickets`: tickets that opened or renewed a socket here, each for as long as it would be good ([WS1]). Rows, because a ticket outlives
 * the memory of an object that sleeps; made when the first comes, cleaned when another does.
 */

import type { Sql } from "../sql/port.ts";

/** False: it was used before. */
export function useTicket(sql: Sql, id: string, untilMs: number, nowMs: number): boolean {
  sql.run("CREATE TABLE IF NOT EXISTS _tickets (id TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID", []);
  sql.run("DELETE FROM _tickets WHERE until < ?", [nowMs]);
  return (
    sql.all("INSERT INTO _tickets (id, until) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id", [id, untilMs])
      .length > 0
  );
}
