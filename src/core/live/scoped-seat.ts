/**
 * A socket as `ScopeKeeper` sees it, and what comes of looking at its watches again: what they ask now, where they go, what is to be told of it.
 */

import type { WatchFrame } from "./client-frames.ts";
import type { GroupNews, LiveGroup } from "./live-group.ts";
import type { LiveQuery } from "./live-query.ts";
import type { LiveSession } from "./live-session.ts";
import type { WatchState } from "./socket-state.ts";

/** One socket, as far as scopes go. */
export interface ScopedSeat {
  readonly session: LiveSession;
  /** Frames that wait until the scopes they come under are known; others pass them by. */
  waiting: WatchFrame[];
  /** A rule threw; the seq at which it was last asked, and how often in a row. */
  failing: { readonly seq: number; readonly times: number } | null;
}

export interface Told {
  readonly watch: WatchState;
  readonly group: GroupNews;
}

/** A question under the scopes of now; `set` where those depend on rows. */
export interface Asked {
  readonly query: LiveQuery;
  readonly set?: string;
}

/** Where a watch goes on, and what rows that comes from. */
export interface MovedTo {
  readonly group: LiveGroup;
  readonly set: string;
}

/** Watches that went to another group, and what the difference is for those to which it can be told. */
export interface Moved {
  readonly watches: ReadonlySet<WatchState>;
  readonly told: readonly Told[];
}

/** What came of asking for the scopes of watches of one socket. */
export interface Tally {
  /** A rule threw. */
  hasThrown: boolean;
  /** Rows are missing, and were asked for. */
  isUnknown: boolean;
}

export const newTally = (): Tally => ({ hasThrown: false, isUnknown: false });
