/**
 * What SQLite says when it is the storage, and not a rule, that stands in the way: as a fault that tells the caller whether to come
 * back. Nothing was written then. Told by message, as in `constraint-fault.ts`, because that is all the runtime gives.
 */

import { Fault } from "../../src/core/fault.ts";

/** Null: something else. */
export function storageFault(error: unknown): Fault | null {
  const message = error instanceof Error ? error.message : String(error);
  if (/SQLITE_TOOBIG|string or blob too big/i.test(message)) {
    return new Fault({ slug: "payload-too-large", limit: 2_000_000 });
  }
  if (/SQLITE_FULL|database or disk is full/i.test(message)) {
    return new Fault({ slug: "unavailable", retryAfter: 60, detail: "The object's storage is full." });
  }
  return isBusy(error) ? new Fault({ slug: "unavailable", retryAfter: 1 }) : null;
}

/** Another connection holds the file: in workerd, an instance of the object that was aborted and is not yet gone. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && /SQLITE_BUSY|database is locked/i.test(error.message);
}
