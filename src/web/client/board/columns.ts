/** YOURS. The columns of a board, which are the values of a task's `status`, and how people call them. */

import type { RowOf } from "ledge/client/react";

export type Task = RowOf<"tasks">;
export type Project = RowOf<"projects">;
export type Comment = RowOf<"comments">;
export type Status = Task["status"];

export const COLUMNS: readonly { readonly status: Status; readonly name: string }[] = [
  { status: "todo", name: "To do" },
  { status: "doing", name: "Doing" },
  { status: "done", name: "Done" },
];

export function columnName(status: string): string {
  return COLUMNS.find((column) => column.status === status)?.name ?? status;
}

/** A column's cards as every part of the page asks for them, which therefore are one list. */
export function cardsOf(projectId: string, status: Status) {
  return { filter: { projectId, status }, orderBy: ["position", "id"], pageSize: 100 } as const;
}
