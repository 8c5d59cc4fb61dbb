/**
 * A write whose row has changed since it was made ([O3]): what becomes of it. Three rows meet: the one it was made on (`base`), what it wanted
 * (`mine`), and the server's present one (`theirs`). No way of deciding loses a write silently: what cannot be sent is refused, and stays
 * to be seen. Pure.
 */

import { type Json, type JsonObject, jsonEquals } from "../json.ts";
import type { RowWrite } from "./outbox-entry.ts";

export interface Conflict {
  readonly write: RowWrite;
  readonly base: JsonObject | null;
  readonly mine: JsonObject;
  /** Null: the row is gone, or out of sight. */
  readonly theirs: JsonObject | null;
  /** Columns that both have changed, to different values; all that the write changes, where the base is not known. */
  readonly fields: readonly string[];
}

export type Resolution =
  /** These columns are sent, on top of the present row. */
  | { readonly kind: "send"; readonly values: JsonObject }
  /** Set aside, for a person to decide. */
  | { readonly kind: "refuse" };

/**
 * `server-wins`: the write is set aside. `client-wins`: it is sent on top of the present row. `merge`: it is, unless both changed the same
 * column. A function decides for itself; it must be pure, since it may be asked again.
 */
export type ConflictPolicy = "server-wins" | "client-wins" | "merge" | ((conflict: Conflict) => Resolution);

const REFUSE: Resolution = { kind: "refuse" };

export function findConflict(write: RowWrite, theirs: JsonObject | null): Conflict {
  const { base, values: mine } = write;
  const differs = (name: string, value: Json) => !jsonEquals(theirs?.[name], value);
  const fields = Object.entries(mine)
    .filter(([name, value]) => differs(name, value) && (base === null || differs(name, base[name] ?? null)))
    .map(([name]) => name);
  return { write, base, mine, theirs, fields };
}

export function resolveConflict(conflict: Conflict, policy: ConflictPolicy): Resolution {
  const { write, mine, theirs, fields } = conflict;
  if (typeof policy === "function") return policy(conflict);
  if (policy === "server-wins") return REFUSE;
  // A row that is gone is not made again by a change of it.
  if (theirs === null && write.op !== "replace") return REFUSE;
  if (policy === "client-wins") return { kind: "send", values: mine };
  // Whoever deletes or replaces a row means all of it.
  return write.op === "update" && fields.length === 0 ? { kind: "send", values: mine } : REFUSE;
}

/** Whether the present row is already what the write wanted. */
export function isFulfilled({ write, theirs, mine }: Conflict): boolean {
  if (write.op === "delete") return theirs === null;
  return (
    write.op !== "replace" &&
    theirs !== null &&
    Object.entries(mine).every(([name, value]) => jsonEquals(theirs[name], value))
  );
}
