/**
 * The rows that scopes depend on, of those who have sockets here ([RV2]): rows of tables in this object are followed from commit to commit,
 * rows of others are asked for, told anew by their object, and too old after a minute ([RV4]). What a rule makes of them is asked each
 * time it is needed. Memory only: after waking all of it is unknown, so nothing is sent under an old scope.
 */

import type { RowId } from "../ids.ts";
import type { RowChange } from "../protocol/object-call.ts";
import { type UsedAnswer, versionOf } from "../protocol/used-rows.ts";
import type { Row } from "../schema/table-spec.ts";
import type { User } from "../scope/principal.ts";
import { LIVE_LIMITS } from "./live-limits.ts";
import type { LiveCommit, LiveRow } from "./live-source.ts";
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
  readonly read: (key: UsedKey) => readonly LiveRow[];
  /** Whether a row of this object counts: it is not soft-deleted. */
  readonly counts: (table: string, row: Row) => boolean;
  /** Name of the column by which rows of a table of this object are known. */
  readonly keyOf: (table: string) => string;
  /** Asks the object that owns the table, and registers with it; `learn` or `failed` follows, with the number of the question. */
  readonly ask: (key: UsedKey, nth: number) => void;
}

/** `set`: names the rows that they were made from ([RV7]). */
export interface ResolvedScopes {
  readonly scopes: readonly string[];
  readonly set?: string;
}

interface Used {
  readonly rows: ReadonlyMap<string, readonly Row[]>;
  readonly version: string;
}

interface Known {
  readonly key: UsedKey;
  readonly isHere: boolean;
  /** Of this object: by id, to be followed. */
  rows: Map<RowId, LiveRow> | UsedAnswer | null;
  /** Number of the question that is under way. */
  asked: number | null;
  askedAtMs: number;
  failures: number;
}

export class LiveScopes {
  readonly #port: ScopePort;
  readonly #known = new Map<string, Known>();
  #questions = 0;

  constructor(port: ScopePort) {
    this.#port = port;
  }

  /** The scopes of a right, all of them; null: some rows are not known now, and have been asked for. Throws where a rule does. */
  resolve(state: SocketState, right: SocketRight, nowMs: number): ResolvedScopes | null {
    const { declared = [], table } = right;
    if (declared.length === 0) return { scopes: right.scopes };
    const user = userOf(state);
    if (user === null) return { scopes: [""] };
    const used = declared.map((operation) => this.#used(this.#port.usesOf(table, operation), user.id, nowMs));
    const scopes: string[] = [...right.scopes];
    const versions: string[] = [];
    for (const [index, operation] of declared.entries()) {
      const found = used[index];
      if (found === null || found === undefined) return null;
      scopes.push(this.#port.scopeOf(table, operation, user, found.rows));
      versions.push(found.version);
    }
    return { scopes, set: versions.join(" ") };
  }

  /** Whether the rows of a right are known, and not too old; where not, they have been asked for. */
  isKnown({ who }: SocketState, { table, declared = [] }: SocketRight, nowMs: number): boolean {
    if (who === null) return true;
    return declared
      .map((operation) => this.#used(this.#port.usesOf(table, operation), who, nowMs))
      .every((used) => used !== null);
  }

  /** Whether all that a right depends on lies in this object. */
  isLocal({ table, declared = [] }: SocketRight): boolean {
    return declared.every((operation) => this.#port.usesOf(table, operation).every(({ isHere }) => isHere));
  }

  /** Moves what is known of this object's tables over a commit; users whose rows changed. */
  follow({ changes, seq }: LiveCommit): ReadonlySet<string> {
    const users = new Set<string>();
    for (const known of this.#known.values()) {
      if (!known.isHere || !(known.rows instanceof Map)) continue;
      for (const change of changes)
        if (change.table === known.key.table && this.#apply(known, known.rows, { change, seq }))
          users.add(known.key.user);
    }
    return users;
  }

  /** What an object told of a user's rows, as answer to a question or by itself; false: it is older than what is known. */
  learn(key: UsedKey, answer: UsedAnswer, nowMs: number, nth?: number): boolean {
    if (nth !== undefined && !this.#ends(key, nth)) return false;
    const known = this.#knownOf(key, false);
    const held = known.rows instanceof Map ? null : known.rows;
    known.failures = 0;
    if (held !== null && held.epoch === answer.epoch && held.seq > answer.seq) return false;
    known.rows = answer;
    known.askedAtMs = nowMs;
    return true;
  }

  /** The object did not answer; true: once more is too often ([RV5]). It is asked again when a frame is to be computed. */
  failed(key: UsedKey, nth: number): boolean {
    if (!this.#ends(key, nth)) return false;
    const known = this.#knownOf(key, false);
    known.failures++;
    if (known.failures < LIVE_LIMITS.scopeTries) return false;
    known.failures = 0;
    return true;
  }

  /** Commits were passed over: rows of this object are read anew when they are needed. */
  lose(): void {
    for (const known of this.#known.values()) if (known.isHere) known.rows = null;
  }

  /** Nobody with a socket here is this user any more. */
  forget(user: string): void {
    for (const [name, { key }] of this.#known) if (key.user === user) this.#known.delete(name);
  }

  /** Nobody here needs these rows: their object is told so, and tells of them no more. */
  drop(key: UsedKey): void {
    this.#known.delete(nameOf(key));
  }

  /** Whether a right depends on that table. */
  uses({ table, declared = [] }: SocketRight, used: string): boolean {
    return declared.some((operation) => this.#port.usesOf(table, operation).some((use) => use.table === used));
  }

  /** False: the question was forgotten with its user's last socket, and what came since was not told to this object. */
  #ends(key: UsedKey, nth: number): boolean {
    const known = this.#known.get(nameOf(key));
    if (known?.asked !== nth) return false;
    known.asked = null;
    return true;
  }

  #used(uses: readonly Use[], user: string, nowMs: number): Used | null {
    const rows = new Map<string, readonly Row[]>();
    const versions: string[] = [];
    // All of them, also after one that is not known: what is missing is asked for together.
    for (const { table, column, isHere } of uses) {
      const known = this.#knownOf({ table, column, user }, isHere);
      if (isHere) {
        const here = this.#here(known);
        rows.set(
          table,
          [...here.values()].map(({ row }) => row),
        );
        versions.push(versionOf(here.values(), this.#port.keyOf(table)));
      } else {
        const told = this.#told(known, nowMs);
        if (told === null) continue;
        rows.set(table, told.rows);
        versions.push(told.version);
      }
    }
    return rows.size === uses.length ? { rows, version: versions.join(" ") } : null;
  }

  #here(known: Known): Map<RowId, LiveRow> {
    if (known.rows instanceof Map) return known.rows;
    const name = this.#port.keyOf(known.key.table);
    const rows = new Map(this.#port.read(known.key).map((each) => [each.row[name] as RowId, each]));
    known.rows = rows;
    return rows;
  }

  #told(known: Known, nowMs: number): UsedAnswer | null {
    const isFresh = nowMs - known.askedAtMs < LIVE_LIMITS.scopeMaxAgeMs;
    if (known.rows !== null && !(known.rows instanceof Map) && isFresh) return known.rows;
    if (known.asked === null) {
      known.asked = ++this.#questions;
      this.#port.ask(known.key, known.asked);
    }
    return null;
  }

  #apply(
    { key }: Known,
    rows: Map<RowId, LiveRow>,
    { change: { id, after }, seq }: { readonly change: RowChange; readonly seq: number },
  ): boolean {
    const isIn = after !== null && after[key.column] === key.user && this.#port.counts(key.table, after);
    const wasIn = rows.has(id);
    if (isIn) rows.set(id, { row: after, version: seq });
    else rows.delete(id);
    return isIn || wasIn;
  }

  #knownOf(key: UsedKey, isHere: boolean): Known {
    const name = nameOf(key);
    let known = this.#known.get(name);
    if (known === undefined) {
      known = { key, isHere, rows: null, asked: null, askedAtMs: 0, failures: 0 };
      this.#known.set(name, known);
    }
    return known;
  }
}

function userOf({ who, person }: SocketState): User | null {
  return who === null || person === undefined ? null : { kind: "user", id: who, ...person };
}

function nameOf({ table, column, user }: UsedKey): string {
  return JSON.stringify([table, column, user]);
}
