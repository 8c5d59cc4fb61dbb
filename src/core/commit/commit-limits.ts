/**
 * The times and sizes of transactions across objects, each with the rule that gives it. Milliseconds unless the name says
 * otherwise. Read by the machines of this room, by their hosts and by the simulator.
 */

import { RETRY_PAUSE_MS, TRANSACTION_LIMITS } from "../transaction/limits.ts";

/** A transaction, tries and waiting included ([TX24]). */
export const TRANSACTION_MS = TRANSACTION_LIMITS.timeMs;
/** A wait for keys that another transaction holds ([TX25] [TP10]). */
export const LOCK_WAIT_MS = 2_000;
/** A read waits this long for a held row before it asks who decides ([TP12]). */
export const READ_WAIT_MS = 250;
/** A read whose question goes unanswered asks again after this, and gives up after `READ_PATIENCE_MS`. */
export const READ_ASK_AGAIN_MS = 500;
export const READ_PATIENCE_MS = 5_000;
/** How long a validation that failed keeps its keys for the next try of the same request ([TP10]). */
export const RESERVATION_MS = 500;
/** A prepared participant asks after this, and then so far apart ([TP13]). */
export const FIRST_ASK_MS = 3_000;
export const ASK_EVERY_MS = 5_000;
/** It asks once more so long after the deadline: clocks of two machines differ a little. */
export const DEADLINE_MARGIN_MS = 200;
/** The deciding object repeats an unconfirmed `commit` after this, and then so far apart ([TP6]). */
export const FIRST_RESEND_MS = 1_000;
export const RESEND_EVERY_MS = 5_000;
/** Decisions, fences and replies are kept this long after nobody needs them any more ([TP8]). */
export const KEEP_MS = 86_400_000;
/** A driver waits so long for a vote (which may have to wait for keys) and for any other answer. */
export const VOTE_PATIENCE_MS = LOCK_WAIT_MS + 1_000;
export const ANSWER_PATIENCE_MS = 2_000;
/** How long after the deadline a driver goes on asking what became of a decision. */
export const UNKNOWN_AFTER_MS = 2_000;
/** Tries of one request, and the pauses between them ([TX30]). */
export const DEFAULT_TRIES = TRANSACTION_LIMITS.tries;
export const PAUSE_BASE_MS = RETRY_PAUSE_MS.first;
export const PAUSE_CAP_MS = RETRY_PAUSE_MS.longest;
/** The images of one part of a transaction, encoded: they lie in one row ([TP4]). */
export const MAX_PREPARED_BYTES = 1_900_000;
