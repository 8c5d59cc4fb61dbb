/** YOURS. Which board, view and task the page shows, and the address after `#` that says so. Pure. */

export interface Place {
  /** A project's id; `assigned` for tasks that others have shared; null: the first board there is. */
  readonly board: string | null;
  readonly view: "board" | "list";
  readonly task: string | null;
}

export function parsePlace(hash: string): Place {
  const members = new URLSearchParams(hash.replace(/^#/, ""));
  const view = members.get("view") === "list" ? "list" : "board";
  return { board: members.get("board"), view, task: members.get("task") };
}

/** An address to link to; what is not named stays as it is. */
export function placeHref(place: Place, changes: Partial<Place> = {}): string {
  const { board, view, task } = { ...place, ...changes };
  const members = new URLSearchParams();
  if (board !== null) members.set("board", board);
  if (view !== "board") members.set("view", view);
  if (task !== null) members.set("task", task);
  return `#${members}`;
}

/** Whether the address before is what lies behind the task: the same board, also where it has not named its first, in the same view. */
export function leadsBack(before: string | null, here: string, { board, view }: Place): boolean {
  if (before === null || before.replace(/#.*/, "") !== here.replace(/#.*/, "")) return false;
  const place = parsePlace(new URL(before).hash);
  return place.task === null && place.view === view && (place.board ?? board) === board;
}
