/** YOURS. All boards of a person with what is open, overdue and done in each: a view over two tables (`src/tables/project-report.ts`), which lies in D1. */

import { useQuery } from "ledge/client/react";
import type { BoardClient } from "./board-client.ts";
import { type Place, placeHref } from "./use-place.ts";

interface ReportRow {
  readonly id: string;
  readonly name: string;
  readonly open: number;
  readonly overdue: number;
  readonly done: number;
}

export function BoardReport({ client, place }: { readonly client: BoardClient; readonly place: Place }) {
  const { data, error } = useQuery({
    key: ["report"],
    tables: ["projects", "tasks"],
    load: (signal) => client.resource<ReportRow>("project_report").list({ orderBy: "name", limit: 100, signal }),
  });
  if (error !== null || data === undefined)
    return (
      <p className="note" role="status">
        {error !== null ? "The report needs the server." : "Counting …"}
      </p>
    );
  return (
    <table className="report">
      <caption>All boards</caption>
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
