/**
 * The rows that scopes depend on, of those who have sockets here ([RV2]): rows of tables in this object are followed from commit to commit,
 * rows of others are asked for, told anew by their object, and too old after a minute ([RV4]). What a rule makes of them is asked each
 * time it is needed. Memory only: after waking all of it is unknown, so nothing is sent under an old scope.
 */

import type { RowId } from "../ids.ts";
import type { RowChange } from "../protocol/object-call.ts";
import type { UsedAnswer } from "../protocol/used-rows.ts";
import type { Row } from "../schema/table-spec.ts";
import type { User } from "../scope/principal.ts";
import { LIVE_LIMITS } from "./live-limits.ts";
import type { LiveCommit } from "./live-source.ts";
import type { DeclaredOperation, SocketRight, SocketState } from "./socket-state.ts";

/** Rows of one user in one table that a scope uses. */
export interface UsedKey {
  readonly table: string;
  /** The column that holds ids of users. */
  readonly column: string;
  readonly user: string;
}

/** A table that a rule uses; `isHere`: it lies in this object. */
export interface Use extends Omit<UsedKey, "user"> {
  readonly isHere: boolean;
}

export interface ScopePort {
  readonly usesOf: (table: string, operation: DeclaredOperation) => readonly Use[];
  /** The scope's text; throws where the rule does. */
  readonly scopeOf: (
    table: string,
    operation: DeclaredOperation,
    user: User,
    rows: ReadonlyMap<string, readonly Row[]>,
  ) => string;
  /** Rows of this object, at the head of its ledger. */
  readonly read: (key: UsedKey) => readonly Row[];
  /** Whether a row of this object counts: it is not soft-deleted. */
  readonly counts: (table: string, row: Row) => boolean;
  /** Name of the column by which rows of a table of this object are known. */
  readonly keyOf: (table: string) => string;
  /** Asks the object that owns the table, and registers with it; `learn` or `failed` follows. */
  readonly ask: (key: UsedKey) => void;
}

interface Known {
  readonly key: UsedKey;
  readonly isHere: boolean;
  rows: Map<RowId, Row> | readonly Row[] | null;
  isAsked: boolean;
  /** Of the object that told them. */
  at: Pick<UsedAnswer, "epoch" | "seq"> | null;
  askedAtMs: number;
  failures: number;
}

export class LiveScopes {
  readonly #port: ScopePort;
  readonly #known = new Map<string, Known>();

  constructor(port: ScopePort) {
    this.#port = port;
  }

  /** The scopes of a right, all of them; null: some rows are not known now, and have been asked for. Throws where a rule does. */
  resolve(state: SocketState, right: SocketRight, nowMs: number): readonly string[] | null {
    const user = userOf(state);
    if (user === null) return [...right.scopes, ""];
    const { declared = [], table } = right;
    const rows = declared.map((operation) => this.#rows(this.#port.usesOf(table, operation), user.id, nowMs));
    const scopes: string[] = [...right.scopes];
    for (const [index, operation] of declared.entries()) {
      const found = rows[index];
      if (found === null || found === undefined) return null;
      scopes.push(this.#port.scopeOf(table, operation, user, found));
    }
    return scopes;
  }

  /** Whether the rows of a right are known, and not too old; where not, they have been asked for. */
  isKnown({ who }: SocketState, { table, declared = [] }: SocketRight, nowMs: number): boolean {
    if (who === null) return true;
    return declared
      .map((operation) => this.#rows(this.#port.usesOf(table, operation), who, nowMs))
      .every((rows) => rows !== null);
  }

  /** Whether all that a right depends on lies in this object. */
  isLocal({ table, declared = [] }: SocketRight): boolean {
    return declared.every((operation) => this.#port.usesOf(table, operation).every(({ isHere }) => isHere));
  }

  /** Moves what is known of this object's tables over a commit; users whose rows changed. */
  follow({ changes }: LiveCommit): ReadonlySet<string> {
    const users = new Set<string>();
    for (const known of this.#known.values()) {
      if (!known.isHere || !(known.rows instanceof Map)) continue;
      for (const change of changes)
        if (change.table === known.key.table && this.#apply(known, known.rows, change)) users.add(known.key.user);
    }
    return users;
  }

  /** What an object told of a user's rows; false: it is older than what is known. */
  learn(key: UsedKey, { rows, epoch, seq }: UsedAnswer, nowMs: number): boolean {
    const known = this.#knownOf(key, false);
    const isOlder = known.at !== null && known.at.epoch === epoch && known.at.seq > seq;
    known.isAsked = false;
    known.failures = 0;
    if (isOlder) return false;
    known.rows = rows;
    known.at = { epoch, seq };
    known.askedAtMs = nowMs;
    return true;
  }

  /** The object did not answer; true: once more is too often ([RV5]). It is asked again when a frame is to be computed. */
  failed(key: UsedKey): boolean {
    const known = this.#knownOf(key, false);
    known.isAsked = false;
    known.failures++;
    if (known.failures < LIVE_LIMITS.scopeTries) return false;
    known.failures = 0;
    return true;
  }

  /** Nobody with a socket here is this user any more. */
  forget(user: string): void {
    for (const [name, { key }] of this.#known) if (key.user === user) this.#known.delete(name);
  }

  /** Whether a right depends on that table. */
  uses({ table, declared = [] }: SocketRight, used: string): boolean {
    return declared.some((operation) => this.#port.usesOf(table, operation).some((use) => use.table === used));
  }

  #rows(uses: readonly Use[], user: string, nowMs: number): ReadonlyMap<string, readonly Row[]> | null {
    const found = new Map<string, readonly Row[]>();
    // All of them, also after one that is not known: what is missing is asked for together.
    for (const { table, column, isHere } of uses) {
      const rows = this.#fresh(this.#knownOf({ table, column, user }, isHere), nowMs);
      if (rows !== null) found.set(table, rows);
    }
    return found.size === uses.length ? found : null;
  }

  #fresh(known: Known, nowMs: number): readonly Row[] | null {
    const { key, isHere } = known;
    if (isHere) {
      const name = this.#port.keyOf(key.table);
      known.rows ??= new Map(this.#port.read(key).map((row) => [row[name] as RowId, row]));
      return [...known.rows.values()];
    }
    if (known.rows !== null && !(known.rows instanceof Map) && nowMs - known.askedAtMs < LIVE_LIMITS.scopeMaxAgeMs)
      return known.rows;
    if (!known.isAsked) {
      known.isAsked = true;
      this.#port.ask(key);
    }
    return null;
  }

  #apply({ key }: Known, rows: Map<RowId, Row>, { id, after }: RowChange): boolean {
    const isIn = after !== null && after[key.column] === key.user && this.#port.counts(key.table, after);
    const wasIn = rows.has(id);
    if (isIn) rows.set(id, after);
    else rows.delete(id);
    return isIn || wasIn;
  }

  #knownOf(key: UsedKey, isHere: boolean): Known {
    const name = JSON.stringify([key.table, key.column, key.user]);
    let known = this.#known.get(name);
    if (known === undefined) {
      known = { key, isHere, rows: null, isAsked: false, at: null, askedAtMs: 0, failures: 0 };
      this.#known.set(name, known);
    }
    return known;
  }
}

function userOf({ who, person }: SocketState): User | null {
  return who === null || person === undefined ? null : { kind: "user", id: who, ...person };
}
