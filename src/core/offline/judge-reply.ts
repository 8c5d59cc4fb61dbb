/**
 * What the end of an attempt means for its entry. Decided by status and by the members of the problem, never by its text. That the sign-in has
 * expired, or that the server asks for patience, is no refusal. Pure.
 */

import type { JsonObject } from "../json.ts";
import { type Done, doneAt, type OutboxEntry } from "./outbox-entry.ts";

export type AttemptReply =
  | { readonly kind: "done"; readonly state: Done }
  | {
      readonly kind: "problem";
      readonly status: number;
      /** Whether the same request may succeed later. */
      readonly isRetryable: boolean;
      readonly retryAfterMs: number;
      readonly problem: JsonObject;
      readonly positions: readonly string[];
    }
  /** No answer: it may have arrived, or arrive yet. */
  | { readonly kind: "lost" };

export type Verdict =
  | { readonly kind: "done"; readonly state: Done }
  /** `afterMs`: what the server asked for, at least; null: once it can be reached. */
  | { readonly kind: "again"; readonly mayHaveArrived: boolean; readonly afterMs: number | null }
  | { readonly kind: "signed-out" }
  /** A row is no longer what its write stands on: the one at this index. */
  | { readonly kind: "conflict"; readonly at: number }
  /** The row that this write of a transaction was to delete is gone: the others are to be done without it. */
  | { readonly kind: "fulfilled"; readonly at: number }
  | { readonly kind: "refused"; readonly problem: JsonObject };

/** Tries of an entry that the server answers with 500, before it is set aside. */
const MAX_DEFECTS = 3;

/** `defects`: how often the server has failed on this entry before. */
export function judgeReply(entry: OutboxEntry, reply: AttemptReply, defects: number): Verdict {
  if (reply.kind === "lost") return { kind: "again", mayHaveArrived: true, afterMs: null };
  if (reply.kind === "done") return reply;
  const { status, isRetryable, retryAfterMs, problem, positions } = reply;
  const [, ...more] = entry.writes;
  if (status === 401) return { kind: "signed-out" };
  if (isRetryable) return { kind: "again", mayHaveArrived: status >= 500 || status === 408, afterMs: retryAfterMs };
  if (status >= 500 && defects < MAX_DEFECTS) return { kind: "again", mayHaveArrived: true, afterMs: retryAfterMs };
  // Of a transaction the problem names the operation; where it does not, nobody knows what to look at.
  const at = more.length === 0 ? 0 : problem.index;
  if ((status === 412 || status === 428) && typeof at === "number" && at in entry.writes)
    return { kind: "conflict", at };
  if (status === 404 && typeof at === "number" && entry.writes[at]?.op === "delete")
    return more.length === 0 ? { kind: "done", state: doneAt(positions) } : { kind: "fulfilled", at };
  return { kind: "refused", problem };
}

/** Whether an attempt that takes place later would make it untrue. Of a single write that met a conflict none can: all carry one tag. */
export function isConclusion({ kind }: Verdict, { writes }: OutboxEntry): boolean {
  return kind === "refused" || kind === "fulfilled" || (kind === "conflict" && writes.length > 1);
}
