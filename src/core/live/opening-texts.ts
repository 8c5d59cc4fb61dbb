/**
 * The frames with which a watch begins: what was missed since a position ([WS6] [SS6]), or a snapshot ([LV3] [WS5]), told as a reset where
 * the client held something ([SS7]). Made in one turn with the registration of the watch, at the head of the ledger.
 */

import { Fault } from "../fault.ts";
import { shortHash } from "../json.ts";
import {
  aggregateText,
  commitText,
  type FramePlace,
  resetText,
  resumedText,
  snapshotTexts,
  watchText,
} from "./frame-text.ts";
import type { LiveGroup } from "./live-group.ts";
import { LIVE_LIMITS } from "./live-limits.ts";
import type { LiveCommit, LiveSource } from "./live-source.ts";
import { parseSince } from "./position.ts";
import type { ResetReason } from "./server-frames.ts";
import type { WatchState } from "./socket-state.ts";

export interface Opening {
  readonly source: LiveSource;
  readonly place: FramePlace;
  readonly who: string | null;
  readonly partsOf: (commit: LiveCommit) => readonly string[];
  /** Tables whose column kinds this socket was told. */
  readonly kindsTold: Set<string>;
}

/** Throws a `Fault` when a snapshot would be too large ([LV7]). */
export function openingTexts(watch: WatchState, group: LiveGroup, opening: Opening): string[] {
  const resumed = watch.since === undefined ? null : resume(watch, group, watch.since, opening);
  return Array.isArray(resumed) ? resumed : snapshot(watch, group, resumed, opening);
}

/** The frames that lead from a position to the present; or why there are none. */
function resume(
  watch: WatchState,
  group: LiveGroup,
  sinceText: string,
  { source, place, who, partsOf }: Opening,
): string[] | ResetReason {
  const since = parseSince(sinceText);
  if (since === null || since.seq > place.seq) return "gap";
  if (since.epoch !== source.epoch) return "epoch";
  if (since.tag !== watch.tag) return "scope";
  const commits = source.commits(since.seq, {
    commits: LIVE_LIMITS.resumeCommits,
    bytes: LIVE_LIMITS.replayBytes,
  });
  if (commits === null) return "gap";
  // What a window showed at a past commit is not known: it resumes only where nothing of it has changed.
  if (group.isKept && commits.some((commit) => group.touches(commit.changes))) return "gap";
  group.ensureOpen();
  const replays = commits.flatMap((commit) => {
    const news = group.isKept ? null : group.replay(commit.changes, commit.seq);
    return news === null ? [] : [{ commit, news }];
  });
  const texts = replays.map(({ commit, news }, index) => {
    const isWriter = commit.actor !== null && commit.actor === who;
    const link = { replay: watch.id, isLast: index === replays.length - 1 };
    return commitText({ ...commit, parts: partsOf(commit) }, link, [watchText(watch.id, news, isWriter)]);
  });
  return [resumedText(place, texts.length === 0), ...texts];
}

function snapshot(watch: WatchState, group: LiveGroup, reason: ResetReason | null, opening: Opening): string[] {
  const { place } = opening;
  const reset = reason === null ? [] : [resetText(watch.id, reason)];
  const opened = group.open();
  if ("aggregate" in opened) {
    if (JSON.parse(opened.aggregate).truncated === true && group.query.aggregate?.limit === LIVE_LIMITS.groups)
      throw new Fault({ slug: "query-too-expensive", examined: LIVE_LIMITS.groups + 1, limit: LIVE_LIMITS.groups });
    watch.aggregate = shortHash(opened.aggregate);
    return [...reset, aggregateText(place, opened.aggregate)];
  }
  const rows = watch.skipExisting === true && reason === null ? [] : opened.rows.map((row) => group.showRow(row));
  const bytes = rows.reduce((sum, text) => sum + text.length, 0);
  if (bytes > LIVE_LIMITS.snapshotBytes)
    throw new Fault({ slug: "query-too-expensive", examined: rows.length, limit: LIVE_LIMITS.snapshotRows });
  const more = opened.hasMore === undefined ? {} : { hasMore: opened.hasMore };
  return [...reset, ...snapshotTexts(place, rows, { ...more, ...kindsOf(group, opening) })];
}

/** Kinds of the columns, once a table and socket, so that a client can evaluate filters and orders. */
function kindsOf({ query }: LiveGroup, { source, kindsTold }: Opening): { readonly kinds?: Record<string, string> } {
  if (kindsTold.has(query.table)) return {};
  kindsTold.add(query.table);
  const columns = source.table(query.table)?.spec.columns ?? [];
  return {
    kinds: Object.fromEntries(columns.filter(({ readable }) => readable).map(({ name, kind }) => [name, kind])),
  };
}
