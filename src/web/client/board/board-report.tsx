/**
 * YOURS. All boards of a person with what is open, overdue and done in each: a view over two tables (`src/tables/project-report.ts`), which lies in
 * D1. Says how old it is once it is not new, and asks again then: asking has the copies brought up.
 */

import { useQuery } from "ledge/client/react";
import { useEffect, useState } from "react";
import { ageWords } from "./age-words.ts";
import type { BoardClient } from "./board-client.ts";
import { type Place, placeHref } from "./place.ts";

/** Between looks at the clock, ms. */
const TICK_MS = 5000;
/** Copies that were asked for are there by then, as a rule. */
const FOLLOW_MS = 1500;

export function BoardReport({ client, place }: { readonly client: BoardClient; readonly place: Place }) {
  const { data, error, refresh } = useQuery({
    key: ["report"],
    tables: ["projects", "tasks"],
    load: (signal) => client.resource("project_report").list({ orderBy: "name", limit: 100, signal }),
  });
  const age = useAge(data?.asOf, refresh);
  if (data === undefined)
    return (
      <p className="note" role="status">
        {error !== null ? "The report needs the server." : "Counting …"}
      </p>
    );
  return (
    <table className="report">
      <caption>All boards{age !== null && <>, {age}</>}</caption>
      <thead>
        <tr>
          <th scope="col">Board</th>
          <th scope="col">Open</th>
          <th scope="col">Overdue</th>
          <th scope="col">Done</th>
        </tr>
      </thead>
      <tbody>
        {data.items.map(({ id, name, open, overdue, done }) => (
          <tr key={id}>
            <th scope="row">
              <a href={placeHref(place, { board: id, task: null })}>{name}</a>
            </th>
            <td>{open}</td>
            <td data-late={overdue > 0 ? "" : undefined}>{overdue}</td>
            <td>{done}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** "as of 3 minutes ago", or null while it is new; undefined: there is no answer yet. */
function useAge(asOf: string | null | undefined, refresh: () => Promise<void>): string | null {
  const [nowMs, look] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => look(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  const words = typeof asOf === "string" ? ageWords(nowMs - Date.parse(asOf)) : null;
  // At each look at the clock while it is old.
  const oldAtMs = words !== null || asOf === null ? nowMs : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a handle that is made anew is no reason to ask
  useEffect(() => {
    if (oldAtMs === null) return;
    const timer = setTimeout(() => void refresh(), FOLLOW_MS);
    return () => clearTimeout(timer);
  }, [oldAtMs]);
  if (asOf === null) return "not all counted yet";
  return words === null ? null : `as of ${words}`;
}
