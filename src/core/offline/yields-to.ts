/**
 * Which tab is to lead: one that can send what waits. A write is sent for the person who made it only, and tabs of one browser may take somebody
 * else, or nobody, to be signed in; so whoever leads and has nothing to send lets another go first. Pure.
 */

import { NOBODY, type OutboxEntry } from "./outbox-entry.ts";
import { sendable } from "./sendable.ts";

/** Whether what a tab takes for the person signed in may send it. Null: whoever it is. */
export function isFor({ principal }: OutboxEntry, present: string | null): boolean {
  return present !== NOBODY && (principal === null || principal === present);
}

/** Whether the tab of `leading` can send nothing, and one of `other` something. */
export function yieldsTo(entries: Iterable<OutboxEntry>, leading: string | null, other: string | null): boolean {
  const has = (present: string | null) =>
    sendable(entries, { count: 1, may: (entry) => isFor(entry, present) }).length > 0;
  return leading !== other && !has(leading) && has(other);
}
