/** What a handler gets besides its input. */

import type { Logger } from "../../core/log.ts";
import type { LedgeEnv } from "../../edge/env.ts";
import type { ServerContext } from "../../edge/transaction/server-context.ts";
import type { Tx } from "../../edge/transaction/tx.ts";

export interface JobContext {
  readonly id: string;
  readonly name: string;
  /** From 1. */
  readonly attempt: number;
  /** The same in every attempt of the job: for services outside that take one. */
  readonly idempotencyKey: string;
  /** Who enqueued it; null: server code. */
  readonly createdBy: string | null;
  /** Aborts when the job is cancelled, takes too long, or another attempt has taken it over. Pass it to `fetch`. */
  readonly signal: AbortSignal;
  readonly env: LedgeEnv;
  readonly log: Logger;
  /** Transactions and entities with the rights of the system. */
  readonly server: ServerContext;
  /** 0–100, and a line of text: seen by whoever watches the job. Kept at most once a second; the last one counts. */
  reportProgress(percent: number, note?: string): void;
  /** A sign of life at once; ones every ten seconds go by themselves. */
  heartbeat(): Promise<void>;
  /**
   * Completes the job together with what the callback writes: one commit, so the writes take place once however often the handler runs.
   * Its value is the job's result. Rejects when the job was cancelled or another attempt has it; then nothing is written.
   */
  complete<T>(callback: (tx: Tx) => Promise<T>): Promise<T>;
}

/** Thrown by a handler: the attempt failed. Its text is kept with the job, for whoever sees that; those of other errors are for operators alone. */
export class TryAgain extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TryAgain";
  }
}

/** The same, and the job is given up, whatever attempts are left. */
export class NoRetry extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "NoRetry";
  }
}
