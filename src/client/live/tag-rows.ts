/** Rows of the live wire carry their tags as rows of a request do: so that a write can stand on what a watch shows ([O3]). */

import type { ClientEvent } from "../../core/live/client-event.ts";
import type { ShownRow } from "../../core/live/server-frames.ts";
import { withTag } from "../tags.ts";

export function tagRow({ row, v }: ShownRow): void {
  withTag(row, `"${v}"`);
}

/** The rows that an event brings, before anybody sees them. */
export function tagRows(event: ClientEvent): void {
  if (event.kind === "snapshot") event.rows.forEach(tagRow);
  const commits = event.kind === "replayed" ? event.commits : event.kind === "commit" ? [event.commit] : [];
  for (const { news } of commits)
    for (const { changes } of news.values())
      for (const { row, v } of changes) if (row !== undefined && v !== undefined) tagRow({ row, v });
}
