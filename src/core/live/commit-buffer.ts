/**
 * What came of one object and is not shown yet: its commits in order of seq, each put together from the pieces in which it came, and
 * without what a reset or a change of scope took back meanwhile. Plain state and what is done to it; when something of it is shown
 * is decided by `ClientPicture`.
 */

import type { ObjectName, RowId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { ClientCommit } from "./client-event.ts";

/** How far others must have come; a text is the question to which they have not answered. */
export type Needs = Map<ObjectName, number | string>;

/** What is to be shown; `needs` where a change of scope brings rows of earlier commits, which may be parts of transactions ([RV3]). */
export type Buffered = ClientCommit & { readonly needs?: Needs };

export interface ObjectState {
  epoch: string;
  shownSeq: number;
  buffered: Buffered[];
  /** Watches whose replay, or snapshot, has not come since the socket was lost: the object does not move. */
  readonly recovering: Set<string>;
}

/** Whether a change of scope shows rows of commits before this one, parts of transactions maybe. */
export function bringsOlderRows({ news }: ClientCommit): boolean {
  return [...news.values()].some(({ tag, changes }) => tag !== undefined && changes.some(({ op }) => op !== "removed"));
}

/** A commit comes in pieces after a reconnect: each watch replays its own part of it. One without news says where the object stands. */
export function mergeCommit(object: ObjectState, commit: Buffered): void {
  if (commit.seq < object.shownSeq || (commit.seq === object.shownSeq && commit.news.size === 0)) return;
  const at = object.buffered.findIndex(({ seq }) => seq >= commit.seq);
  const held = object.buffered[at];
  if (at < 0) object.buffered.push(commit);
  else if (held?.seq !== commit.seq) object.buffered.splice(at, 0, commit);
  else object.buffered[at] = joined(held, commit);
}

/** Takes back all that waits of a watch: it came before the snapshot that follows, maybe under another scope. */
export function strikeWatch({ buffered }: ObjectState, key: string): void {
  for (const [at, commit] of buffered.entries())
    if (commit.news.has(key))
      buffered[at] = { ...commit, news: new Map([...commit.news].filter(([each]) => each !== key)) };
}

/** Takes rows of a watch back from all that waits up to the frame at `lastSeq`, which says that they are gone ([RV3]). */
export function strikeRows(
  { buffered }: ObjectState,
  { key, idOf }: { readonly key: string; readonly idOf: (row: JsonObject) => RowId },
  gone: ReadonlySet<RowId>,
  lastSeq: number,
): void {
  for (const [at, held] of buffered.entries()) {
    const before = held.news.get(key);
    if (before === undefined || held.seq > lastSeq) continue;
    const changes = before.changes.filter(
      ({ row, rowId }) => !gone.has((row === undefined ? rowId : idOf(row)) as RowId),
    );
    // Only with its own frame it is of a scope again.
    const left = held.seq === lastSeq ? { ...before, changes } : { id: 0, changes };
    buffered[at] = { ...held, news: new Map(held.news).set(key, left) };
  }
}

/** Two pieces of one commit; one that only says where the object stands tells nothing else. */
function joined(a: Buffered, b: Buffered): Buffered {
  const [less, more] = a.news.size === 0 ? [a, b] : [b, a];
  const news = new Map(a.news);
  for (const [key, later] of b.news) {
    // A change of scope has the seq of the commit before it ([RV3]).
    const earlier = news.get(key);
    news.set(
      key,
      earlier === undefined ? later : { ...earlier, ...later, changes: [...earlier.changes, ...later.changes] },
    );
  }
  const needs = new Map([...(a.needs ?? []), ...(b.needs ?? [])]);
  return { ...less, ...more, news, needs };
}
