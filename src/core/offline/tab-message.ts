/**
 * What tabs of one browser tell each other. Each writes its own entries into the shared storage, so a message is only news of what is there already:
 * one that is lost costs time, never a write. The tab that leads sends; who it is is the shell's lock to say. Types only.
 */

import type { RowId } from "../ids.ts";
import type { OutboxEntry } from "./outbox-entry.ts";
import type { Pause } from "./outbox-port.ts";

/** The tabs of one page may be of two releases: messages of another form go by a channel of another name. */
export type TabMessage =
  /** Entries as the storage now has them; `entry` null: removed. */
  | {
      readonly type: "entries";
      readonly news: readonly { readonly key: string; readonly entry: OutboxEntry | null }[];
    }
  /** From the tab that leads: what is under way, and why nothing is. */
  | {
      readonly type: "progress";
      readonly inFlight: readonly string[];
      readonly pause: Pause | null;
      /** Whom it takes to be signed in. */
      readonly principal: string | null;
    }
  /** To the tab that leads: rows that are no longer this person's to see; without ids all of the table. */
  | {
      readonly type: "revoked";
      readonly table: string;
      readonly partition?: string | undefined;
      readonly ids?: readonly RowId[] | undefined;
    }
  /** To the tab that leads: try again now; or let this one go first, which takes somebody else to be signed in. */
  | { readonly type: "nudge"; readonly principal: string | null };
