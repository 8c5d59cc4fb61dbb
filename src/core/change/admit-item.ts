/**
 * The steps before validation for one item of a batch ([HT20] [HT48]): those of the single write, and upsert, which is an update
 * of a row that is there and a create of one that is not. Pure.
 */

import { Fault } from "../fault.ts";
import type { ItemTarget } from "../protocol/batch-call.ts";
import { admit, isSoftDeleted, type StoredRow, type WriteFacts } from "./plan-write.ts";

/** The row to work on; null when it is to be created, or (delete) is not there for the caller and passed over. */
export function admitItem(
  target: Pick<ItemTarget, "op" | "id" | "mayCreate">,
  stored: StoredRow | null,
  facts: WriteFacts,
): StoredRow | null {
  const { op, id, mayCreate } = target;
  switch (op) {
    case "create":
    case "update":
      return admit({ op, id }, stored, facts);
    case "replace":
      return admit({ op, id, mayCreate }, stored, facts);
    case "upsert":
      return admitUpsert(target, stored, facts);
    case "delete":
      return passOver(() => admit({ op, id, hard: false }, stored, facts));
  }
}

function admitUpsert(
  { id, mayCreate }: Pick<ItemTarget, "id" | "mayCreate">,
  stored: StoredRow | null,
  facts: WriteFacts,
): StoredRow | null {
  if (mayCreate && stored === null) {
    if (facts.conditions.ifMatch !== undefined) throw new Fault({ slug: "precondition-failed" });
    return null;
  }
  if (mayCreate && stored !== null && isSoftDeleted(facts.table, stored.row)) {
    throw new Fault({ slug: "conflict", reason: "exists", ...(id === null ? {} : { id }) });
  }
  return admit({ op: "update", id }, stored, facts);
}

/** Null instead of 404: absent and unseen ids of a DELETE are not counted. */
export function passOver<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof Fault && error.data.slug === "not-found") return null;
    throw error;
  }
}
