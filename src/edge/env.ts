/**
 * The bindings and variables that the edge reads. An application's own `Env` extends it.
 * `TableStub` are the methods of a table object that the edge calls, so that no object class is imported here.
 */

import type { ObjectName } from "../core/ids.ts";
import type { AccessEnded } from "../core/scope/access-ended.ts";

export interface TableStub {
  /** Takes a call and gives its reply, both as text (`src/core/protocol/wire.ts`). */
  call(text: string): Promise<string>;
  /** Takes a message of a transaction over several objects and gives the reply to it, both as JSON. */
  agree(text: string): Promise<string>;
  /** What a consumer of the read model has yet to take: its request and the page, both as JSON. */
  pull(text: string): Promise<string>;
  /** A consumer that was told of news by a message has taken everything (`src/core/read-model/pull.ts`, as JSON). */
  newsTaken(text: string): Promise<void>;
  /** On the registry object: whose ledger it is, null when none of ours. */
  objectOf(epoch: string): Promise<ObjectName | null>;
  /** On the registry object: whether there is such an object. Whoever asks the object itself makes it. */
  isRegistered(object: ObjectName): Promise<boolean>;
  /** On the registry object: every object there is, by name; or so many of those between two names. */
  objects(page?: {
    readonly after: string;
    readonly before: string;
    readonly limit: number;
  }): Promise<readonly { readonly object: ObjectName }[]>;
  /** Opens a live socket; what it is for lies in a header (`src/core/protocol/live-opening.ts`). */
  fetch(url: string, init: { readonly headers: Readonly<Record<string, string>> }): Promise<Response>;
  /** A caller's rows of a table that a scope uses; question and answer as JSON (`src/core/protocol/used-rows.ts`). */
  usedRows(text: string): Promise<string>;
  /** On the registry object: closes the sockets of a caller whose access has ended. */
  accessEnded(ended: AccessEnded): Promise<void>;
  /** Answers when the object runs and its migrations are done; for `/readyz`. */
  ping(): Promise<{ readonly failing: readonly string[] }>;
}

/** The part of a Durable Object namespace that the edge uses; tests give a fake one. */
export interface TableNamespace {
  getByName(name: string): TableStub;
}

export interface LedgeEnv {
  readonly LEDGE_TABLES: TableNamespace;
  /** Signs and verifies tokens and cursors; at least 32 characters outside development. */
  readonly LEDGE_SECRET?: string;
  /** The secret before the present one: cursors made with it still work. */
  readonly LEDGE_SECRET_OLD?: string;
  /** `development` turns on development tokens (on localhost only) and detail in errors. */
  readonly LEDGE_ENV?: string;
  /** `debug`, `info` (default), `warn`, `error` or `silent`. */
  readonly LEDGE_LOG_LEVEL?: string;
  /** `true` adds a Content-Security-Policy that allows nothing to replies under the base path ([Y2]). */
  readonly STRICT_API_CSP?: string;
}

/** What the platform gives beside the request. */
export interface Lifetime {
  waitUntil(promise: Promise<unknown>): void;
}

export function isDevelopment(env: Pick<LedgeEnv, "LEDGE_ENV">): boolean {
  return env.LEDGE_ENV === "development";
}
