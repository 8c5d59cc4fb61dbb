/**
 * What SQLite says when it is the storage, and not a rule, that stands in the way: as a fault that tells the caller whether to come
 * back. Nothing was written then. Told by message, as in `constraint-fault.ts`, because that is all the runtime gives.
 */

import { Fault } from "../../src/core/fault.ts";

const TOO_BIG = /SQLITE_TOOBIG|string or blob too big/i;
const FULL = /SQLITE_FULL|database or disk is full/i;
/** Another connection holds the file: in workerd, an instance of the object that was aborted and is not yet gone. */
const BUSY = /SQLITE_BUSY|database is locked/i;
const BROKEN = /SQLITE_IOERR|disk I\/O error|SQLITE_NOMEM|out of memory|SQLITE_INTERRUPT|interrupted/i;

/** One after which the transaction around the statement may be gone ([CL1]). */
class StorageFault extends Fault {}

/** Null: something else. */
export function storageFault(error: unknown): Fault | null {
  const message = messageOf(error);
  if (TOO_BIG.test(message)) return new Fault({ slug: "payload-too-large", limit: 2_000_000 });
  if (FULL.test(message))
    return new StorageFault({ slug: "unavailable", retryAfter: 60, detail: "The object's storage is full." });
  return BUSY.test(message) ? new StorageFault({ slug: "unavailable", retryAfter: 1 }) : null;
}

/** Whether SQLite may have rolled back the whole transaction by itself (https://sqlite.org/lang_transaction.html section 3, read 2026-11). */
export function endsTransaction(error: unknown): boolean {
  if (error instanceof Fault) return error instanceof StorageFault;
  const message = messageOf(error);
  return FULL.test(message) || BUSY.test(message) || BROKEN.test(message);
}

export function isBusy(error: unknown): boolean {
  return BUSY.test(messageOf(error));
}

/** A fault's message is for its caller, not SQLite's. */
function messageOf(error: unknown): string {
  return error instanceof Error && !(error instanceof Fault) ? error.message : "";
}
