/** YOURS. The words that somebody typed in a write of the outbox: what a refusal must not cost them. They are shown whole, and can be changed. Pure. */

import type { OutboxItem } from "ledge/client/offline";

export interface WrittenText {
  /** Of the write among those of the entry. */
  readonly index: number;
  readonly label: "Title" | "Name" | "Comment";
  readonly text: string;
  readonly maxLength: number;
}

const TEXTS = {
  tasks: { column: "title", label: "Title", maxLength: 200 },
  projects: { column: "name", label: "Name", maxLength: 120 },
  comments: { column: "body", label: "Comment", maxLength: 4000 },
} as const;

/** Null: nobody typed anything. An example's boards and tasks nobody typed either, nor the line that a move leaves. */
export function writtenText({ writes }: OutboxItem): WrittenText | null {
  if (writes.length > 2) return null;
  for (const [index, { table, values }] of writes.entries()) {
    const known = TEXTS[table as keyof typeof TEXTS];
    const text = known === undefined || values.kind === "moved" ? null : values[known.column];
    if (typeof text === "string") return { index, label: known.label, text, maxLength: known.maxLength };
  }
  return null;
}

/** What the write of that text sends with these words instead. */
export function withText(
  { writes }: OutboxItem,
  { index }: WrittenText,
  text: string,
): OutboxItem["writes"][number]["values"] {
  const { table, values } = writes[index] as OutboxItem["writes"][number];
  const { column } = TEXTS[table as keyof typeof TEXTS];
  // Titles and names are of one line.
  return { ...values, [column]: (table === "comments" ? text : text.replaceAll("\n", " ")).trim() };
}
