/** YOURS. A write of the outbox in a person's words, and why the server refused it. Pure. */

import type { OutboxItem } from "ledge/client/offline";
import { columnName } from "./columns.ts";

type Values = Readonly<Record<string, unknown>>;

/** `Add “Plant garlic”`, `Move a task to Done`; with its words `apart`, because they are shown beside it: `Add a task`. */
export function describeWrite({ writes }: OutboxItem, words: "quoted" | "apart" = "quoted"): string {
  const first = writes[0];
  if (first === undefined) return "Nothing";
  const values = first.values as Values;
  const what = { projects: "board", tasks: "task", comments: "comment" }[first.table] ?? first.table;
  if (writes.length > 2 && first.table === "projects") return `Add a board with ${writes.length - 1} entries`;
  const text = (value: unknown) => (words === "quoted" ? quoted(value) : null);
  if (first.op === "create") return `Add ${text(values.title ?? values.name ?? values.body) ?? `a ${what}`}`;
  if (first.op === "delete") return `Remove a ${what}`;
  if (values.status !== undefined) return `Move a task to ${columnName(String(values.status))}`;
  if (values.title !== undefined) return renamed("task", text(values.title));
  if (values.name !== undefined) return renamed("board", text(values.name));
  if (values.position !== undefined) return "Move a task within its column";
  return `Change ${Object.keys(values).join(", ")} of a ${what}`;
}

function renamed(what: string, text: string | null): string {
  return text === null ? `Rename a ${what}` : `Rename a ${what} to ${text}`;
}

interface Refusal {
  readonly status?: number;
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly Values[];
  /** Of the write that met a conflict. */
  readonly index?: number;
}

export function describeRefusal({ problem, present, writes }: OutboxItem): string {
  const { status, code, detail, errors, index = 0 } = (problem ?? {}) as Refusal;
  if (status === 404 || present === null) return "It is not there any more, or no longer shared with you.";
  const theirs = present === undefined ? null : (present as Values);
  if (theirs !== null) {
    const changed = Object.keys(writes[index]?.values ?? {}).filter(
      (name) => name !== "position" && theirs[name] !== undefined,
    );
    const now = changed.map((name) => `${name} is now ${quoted(theirs[name]) ?? String(theirs[name])}`);
    return `Somebody else changed it meanwhile${now.length === 0 ? "" : `: ${now.join(", ")}`}.`;
  }
  if (code === "OUTCOME_UNKNOWN") return "It left long ago, and nobody can tell whether it arrived.";
  if (status === 412) return "Somebody else changed it meanwhile.";
  const first = errors?.[0];
  if (first !== undefined) return `${String(first.field)} ${String(first.message)}.`;
  return detail ?? "The server refused it.";
}

function quoted(value: unknown): string | null {
  if (typeof value !== "string" || value === "") return null;
  return `“${value.length > 60 ? `${value.slice(0, 59)}…` : value}”`;
}
