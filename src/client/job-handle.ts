/**
 * A job as its client follows it: live where the client has live queries, else asked for now and then, and only while somebody listens or waits.
 * An external store as React and others know it: `subscribe` and `getSnapshot`.
 */

import type { AppLike, Client } from "./app-types.ts";
import { LedgeError } from "./ledge-error.ts";
import { PLATFORM, type Platform } from "./platform.ts";
import type { Send } from "./send.ts";

/** A row of `/api/jobs`. Times are ISO texts. */
export interface JobView<Result = unknown> {
  readonly id: string;
  readonly name: string;
  readonly state: "scheduled" | "pending" | "running" | "completed" | "failed" | "dead" | "cancelled";
  readonly priority: number;
  readonly input: unknown;
  readonly result: Result | null;
  readonly error: string | null;
  /** 0–100. */
  readonly progress: number;
  readonly note: string | null;
  readonly attempt: number;
  readonly dueAt: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly cancelAt: string | null;
}

export interface EnqueueJobOptions {
  /** 0–100. */
  readonly priority?: number;
  /** Not before then. */
  readonly dueAt?: Date | string;
  /** The same key is the same job, for 24 hours. */
  readonly idempotencyKey?: string;
}

/** A job as a client knows it. */
export interface JobStanding<Result = unknown> {
  /** As it was last heard of; null before that. */
  readonly job: JobView<Result> | null;
  /** Why nothing more is heard of it: `NOT_FOUND` when it is gone, or never was. */
  readonly error: LedgeError | null;
}

export interface JobHandle<Result = unknown> {
  readonly id: string;
  /** The job alone. */
  getSnapshot(): JobView<Result> | null;
  /** The same object while nothing changes. */
  getStanding(): JobStanding<Result>;
  /** Follows the job until the function it returns is called, or the job has ended. */
  subscribe(listener: () => void): () => void;
  /** The job once it is completed. Rejects with a `LedgeError`: `JOB_DEAD`, `JOB_CANCELLED`, or why it cannot be seen. */
  done(): Promise<JobView<Result>>;
  /** Asks it to stop; it has when its state says so. */
  cancel(): Promise<void>;
}

const FIRST_ASK_MS = 300;
const LONGEST_ASK_MS = 5000;

interface Subscribable {
  subscribe?(
    asked: { readonly filter: string },
    callbacks: { onRows(shown: { readonly rows: readonly object[] }): void; onError(error: LedgeError): void },
  ): { unsubscribe(): void };
}

/** `POST /api/jobs`: for jobs whose definition lets this person enqueue them. */
export async function enqueueJob<Result = unknown>(
  client: Client<AppLike>,
  name: string,
  input: unknown,
  options: EnqueueJobOptions = {},
): Promise<JobHandle<Result>> {
  const { priority, dueAt, idempotencyKey } = options;
  const table = client.resource("jobs") as unknown as {
    create(row: object, options: object): Promise<JobView<Result>>;
  };
  const row = await table.create({ name, input, priority, dueAt }, { idempotencyKey });
  return new Handle<Result>(client, row.id, row);
}

/** A job that is there already, e.g. one whose id was kept over a reload. */
export function followJob<Result = unknown>(client: Client<AppLike>, id: string): JobHandle<Result> {
  return new Handle<Result>(client, id, null);
}

class Handle<Result> implements JobHandle<Result> {
  readonly id: string;
  readonly #client: Client<AppLike>;
  readonly #platform: Platform;
  readonly #listeners = new Set<() => void>();
  #standing: JobStanding<Result>;
  #leave: (() => void) | null = null;

  constructor(client: Client<AppLike>, id: string, row: JobView<Result> | null) {
    this.#client = client;
    this.id = id;
    this.#standing = { job: row, error: null };
    const { options } = client.resource as unknown as { readonly options: { readonly platform?: Partial<Platform> } };
    this.#platform = { ...PLATFORM, ...options.platform };
  }

  getSnapshot = (): JobView<Result> | null => this.#standing.job;
  getStanding = (): JobStanding<Result> => this.#standing;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (!this.#isOver()) this.#leave ??= this.#follow();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#rest();
    };
  };

  done(): Promise<JobView<Result>> {
    return new Promise((resolve, reject) => {
      let leave = () => {};
      const look = () => {
        if (!this.#isOver()) return;
        // The first look may come before there is anything to leave.
        void Promise.resolve().then(() => leave());
        const { job, error } = this.#standing;
        if (error !== null) reject(error);
        else if (job?.state === "completed") resolve(job);
        else reject(endOf(job as JobView));
      };
      leave = this.subscribe(look);
      look();
    });
  }

  async cancel(): Promise<void> {
    const { send } = this.#client.resource as unknown as { readonly send: Send };
    const path = `/jobs/${encodeURIComponent(this.id)}/cancel`;
    // Asking twice asks for the same.
    await send({ method: "POST", path, isSafe: true, headers: {}, options: {} });
  }

  #follow(): () => void {
    const table = this.#client.resource("jobs") as unknown as Subscribable;
    if (table.subscribe === undefined) return this.#ask();
    const { unsubscribe } = table.subscribe(
      { filter: `id==${JSON.stringify(this.id)}` },
      {
        onRows: ({ rows: [job] }) => (job === undefined ? this.#fail(gone()) : this.#set(job as JobView<Result>)),
        onError: (error) => this.#fail(error),
      },
    );
    return unsubscribe;
  }

  /** Again and again, with growing waits while nothing changes. */
  #ask(): () => void {
    let cancel = () => {};
    let isLeft = false;
    const ask = async (waitMs: number) => {
      const before = this.#standing.job;
      try {
        const table = this.#client.resource("jobs") as unknown as { get(id: string): Promise<JobView<Result>> };
        const row = await table.get(this.id);
        if (isLeft) return;
        if (JSON.stringify(row) !== JSON.stringify(before)) this.#set(row);
      } catch (error) {
        if (isLeft) return;
        if (!(error instanceof LedgeError) || !error.retryable) return this.#fail(error as LedgeError);
      }
      if (this.#isOver()) return;
      const next = this.#standing.job === before ? Math.min(waitMs * 1.5, LONGEST_ASK_MS) : FIRST_ASK_MS;
      cancel = this.#platform.after(next, () => void ask(next));
    };
    void ask(FIRST_ASK_MS);
    return () => {
      isLeft = true;
      cancel();
    };
  }

  #set(job: JobView<Result>): void {
    this.#tell({ job, error: null });
  }

  #fail(error: LedgeError): void {
    this.#tell({ ...this.#standing, error });
  }

  #tell(standing: JobStanding<Result>): void {
    // What has ended stays as it was, also when its row goes.
    if (this.#isOver()) return;
    this.#standing = standing;
    if (this.#isOver()) this.#rest();
    for (const listener of [...this.#listeners]) listener();
  }

  #rest(): void {
    this.#leave?.();
    this.#leave = null;
  }

  #isOver(): boolean {
    const { job, error } = this.#standing;
    return error !== null || ["completed", "dead", "cancelled"].includes(job?.state ?? "");
  }
}

function gone(): LedgeError {
  return new LedgeError("There is no such job, or not any more", { code: "NOT_FOUND", status: 404 });
}

function endOf({ name, state, error }: JobView): LedgeError {
  const code = `JOB_${state.toUpperCase()}`;
  return new LedgeError(state === "dead" ? `Job "${name}" failed: ${error}` : `Job "${name}" was cancelled`, { code });
}
