/**
 * What tabs of one browser tell each other. Each writes its own entries into the shared storage, so a message is only news of what is there already:
 * one that is lost costs time, never a write. The tab that leads sends; who it is is the shell's lock to say. Pure.
 */

import type { RowId } from "../ids.ts";
import { isJsonObject } from "../json.ts";
import type { OutboxEntry } from "./outbox-entry.ts";
import type { Pause } from "./outbox-port.ts";

/** Another version's messages are passed over: the tabs of one page may be of two releases. */
export const TAB_VERSION = 1;

export type TabMessage =
  /** Entries as the storage now has them; `entry` null: removed. */
  | {
      readonly v: typeof TAB_VERSION;
      readonly type: "entries";
      readonly news: readonly { readonly key: string; readonly entry: OutboxEntry | null }[];
    }
  /** From the tab that leads: what is under way, and why nothing is. */
  | {
      readonly v: typeof TAB_VERSION;
      readonly type: "progress";
      readonly inFlight: readonly string[];
      readonly pause: Pause | null;
      /** Whom it takes to be signed in. */
      readonly principal: string | null;
    }
  /** To the tab that leads: rows that are no longer this person's to see; without ids all of the table. */
  | {
      readonly v: typeof TAB_VERSION;
      readonly type: "revoked";
      readonly table: string;
      readonly partition?: string;
      readonly ids?: readonly RowId[];
    }
  /** To the tab that leads: try again now; or let this one go first, which takes somebody else to be signed in. */
  | { readonly v: typeof TAB_VERSION; readonly type: "nudge"; readonly principal: string | null };

const TYPES: ReadonlySet<unknown> = new Set(["entries", "progress", "revoked", "nudge"] satisfies TabMessage["type"][]);

/** Null: not for us. Whoever sends is of this origin, so only the outline is looked at. */
export function readTabMessage(value: unknown): TabMessage | null {
  if (!isJsonObject(value) || value.v !== TAB_VERSION) return null;
  return TYPES.has(value.type) ? (value as unknown as TabMessage) : null;
}
