/**
 * Names of the moments between two steps of an object's work at which it might be lost. In the product nobody listens: a point is one
 * optional call of an undefined function. `npm run chaos` (test/crash) listens, ends the object or the process there, and fails
 * when a name of this list was never reached. Only types are imported by the product; the list itself is not in its bundle.
 */

export const FAIL_POINTS = [
  // An object wakes (store.ts). Each: this is done, the next is not.
  "open.tables-created",
  "open.epoch-made",
  "open.stale-indexes-dropped",
  "open.migrated",
  "open.indexed",
  // A migration (migrate.ts): inside its transaction, until `released`.
  "migrate.begun",
  "migrate.before-step",
  "migrate.refilled",
  "migrate.steps-done",
  "migrate.recorded",
  "migrate.released",
  // Registration: on the object's side (registration.ts) and on that of the register (registry.ts).
  "register.before-asking",
  "registry.looked",
  "registry.placed",
  "registry.noted",
  "registry.released",
  "register.answered",
  "register.kept",
  // The frame of a write (transact.ts, append-commit.ts, ledger.ts): inside its transaction, until `released`.
  "write.begun",
  "write.key-looked-up",
  "write.applied",
  "ledger.rescued",
  "ledger.pruned",
  "ledger.appended",
  "write.effects-scheduled",
  "write.reply-stored",
  "write.expiry-scheduled",
  "write.released",
  "write.before-reply",
  // One row within it (write.ts, commit.ts).
  "row.loaded",
  "row.planned",
  "row.hooked",
  "row.written",
  "row.children-released",
  "row.child-released",
  "row.removed",
  // A batch within it (batch-items.ts, batch-filter.ts).
  "batch.found",
  "batch.item-done",
  // A group of writes that shares a transaction (group-commit.ts).
  "group.durable",
  "group.begun",
  "group.before-member",
  "group.after-member",
  "group.members-done",
  "group.released",
  // Delivery of effects (outbox.ts) and the alarm around it (run-alarm.ts).
  "alarm.begun",
  "effect.before-perform",
  "effect.performed",
  "effect.before-cursor",
  "effect.cursor-moved",
  "effect.noted",
  "retry.before-perform",
  "retry.performed",
  "retry.noted",
  // Expired replies (run-alarm.ts).
  "replies.pruned",
  "alarm.timer-ran",
  "alarm.timer-settled",
  "alarm.rearmed",
  // Transactions over several objects (transaction-host.ts, transaction-port.ts, write-turn.ts): inside the storage transaction of a turn, until
  // `released`; then on the way to others.
  "agree.part-run",
  "agree.promise-written",
  "agree.decision-written",
  "agree.fence-written",
  "agree.reply-written",
  "agree.applied",
  "agree.promise-dropped",
  "agree.settled-written",
  "agree.released",
  "agree.before-sending",
  "agree.answered",
] as const;

export type FailPointName = (typeof FAIL_POINTS)[number];

/** Called at each point; it returns, or the object ends there. */
export type FailPoint = (name: FailPointName) => void;
