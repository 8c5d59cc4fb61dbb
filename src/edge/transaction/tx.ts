/**
 * The transaction of a callback ([TX11]): each call becomes a step of the run. One that is awaited is tried out with all before it, so
 * it sees the transaction's own writes; one that is not only joins the list. A step that fails dooms the whole.
 */

import { Fault } from "../../core/fault.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { NamedEffect } from "../../core/protocol/transaction-call.ts";
import type { Principal } from "../../core/scope/principal.ts";
import type { Operation } from "../../core/transaction/operation.ts";
import { parseOperation } from "../../core/transaction/parse-operations.ts";
import { openTarget } from "./open-target.ts";
import type { TransactionRun } from "./run.ts";
import { literalData, type WhereInput, whereMembers } from "./where-input.ts";

export interface ListInput {
  readonly orderBy?: string | readonly string[];
  readonly limit?: number;
  readonly select?: readonly string[];
}

/** What a call was about: the id of a row, or rows under a filter. */
type RowOrRows = string | number | Exclude<WhereInput, string>;

export interface Written {
  readonly count: number;
  readonly ids: readonly (string | number)[];
}

// biome-ignore lint/suspicious/noExplicitAny: rows of a table that is known by its name only, as JSON.parse would give them
export type LooseRow = any;

/** A table inside a transaction. `Row` is its row where the caller knows it. */
export interface TxTable<Row = LooseRow> {
  /** The row; absent or out of scope fails the transaction with 404. */
  get(id: string | number): PromiseLike<Row>;
  /** The first row, or null. */
  findOne(where: WhereInput, options?: Pick<ListInput, "orderBy">): PromiseLike<Row | null>;
  /** At most 100 rows. */
  findMany(where?: WhereInput, options?: ListInput): PromiseLike<readonly Row[]>;
  count(where?: WhereInput): PromiseLike<number>;
  create(data: object): PromiseLike<Row>;
  /** `writes: "all"`: also columns that clients may not set. */
  update(
    id: string | number,
    data: object,
    options?: { readonly ifVersion?: string; readonly writes?: "all" },
  ): PromiseLike<Row>;
  update(where: Exclude<WhereInput, string>, data: object): PromiseLike<Written>;
  replace(id: string | number, data: object): PromiseLike<Row>;
  upsert(data: object): PromiseLike<Row>;
  delete(id: string | number): PromiseLike<{ readonly id: string | number }>;
  delete(where: Exclude<WhereInput, string>): PromiseLike<Written>;
  restore(id: string | number): PromiseLike<Row>;
  /** Fails the transaction with 412 unless a row is there. */
  require(where: WhereInput): PromiseLike<Row>;
}

export interface TxBase {
  table<Row = LooseRow>(name: string, partition?: string): TxTable<Row>;
  /** The same by name of the table, as in `entities`. */
  create(entity: string, data: object): PromiseLike<LooseRow>;
  findOne(entity: string, where: WhereInput): PromiseLike<LooseRow | null>;
  findMany(entity: string, where?: WhereInput, options?: ListInput): PromiseLike<readonly LooseRow[]>;
  update(entity: string, where: Exclude<WhereInput, string>, data: object): PromiseLike<Written>;
  delete(entity: string, where: Exclude<WhereInput, string>): PromiseLike<Written>;
  /** Recorded with the commit and carried out after it, at least once; never for a transaction that was given up ([TX40]). */
  effect(task: string, input: unknown): void;
  /** A UUIDv7; the same in a repeated run. */
  newId(): string;
  /** Joins this one: there is no transaction within a transaction. */
  transaction<T>(callback: (tx: Tx) => Promise<T>): Promise<T>;
  /** ms since 1970, fixed. */
  readonly now: number;
  readonly user: Principal;
}

/** Tables are members by their name: `tx.accounts`. `Tx<"accounts" | "orders">` states which are used, for the compiler. */
export type Tx<Names extends string = string> = TxBase & { readonly [table in Names]: TxTable };

/** What the transaction's owner sees of it. */
export interface TxHandle {
  readonly tx: Tx;
  readonly effects: readonly NamedEffect[];
  /** Waits for every call, and ends it: what is called later fails. Rejects when a step has failed. */
  end(): Promise<void>;
}

interface TxParts {
  readonly run: TransactionRun;
  readonly newId: () => string;
  /** Called with each step's place before it is added. */
  readonly check: (target: Awaited<ReturnType<typeof openTarget>>) => void;
}

export function openTx({ run, newId, check }: TxParts): TxHandle {
  const { origin, facts } = run.frame;
  const { definition } = origin.exchange.edge;
  const effects: NamedEffect[] = [];
  const names: string[] = [];
  /** Calls are made ready one after the other, in the order they were made. */
  let line: Promise<void> = Promise.resolve();
  let doom: { readonly error: unknown } | null = null;
  let isOver = false;

  const refuseAfterEnd = () => {
    if (isOver) throw new TypeError("This transaction has ended: await every call inside of its callback");
  };
  const inLine = <T>(work: () => Promise<T>): Promise<T> => {
    const done = line.then(async () => {
      if (doom !== null) throw doom.error;
      try {
        return await work();
      } catch (error) {
        doom ??= { error };
        throw error;
      }
    });
    line = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  };
  const add = (
    item: JsonObject,
    shape: (value: Json) => unknown = (value) => value,
    behindDoor: Pick<Operation, "writes"> = {},
  ): PromiseLike<never> => {
    refuseAfterEnd();
    const index = names.length;
    const as = `step_${index}`;
    names.push(as);
    const added = inLine(async () => {
      const operation = { ...readOperation({ ...item, as }, index, names), ...behindDoor };
      const target = await openTarget(origin, operation, { index, as });
      check(target);
      await run.add(target, operation);
    });
    // Whoever does not await the call hears of its failure at the end.
    added.catch(() => undefined);
    return new Call(async () => {
      refuseAfterEnd();
      await added;
      return inLine(async () => {
        try {
          await run.tryOut();
        } catch (error) {
          // The object gave back what was refused in the Worker; then the first error says it better.
          const refused = run.steps[index]?.error;
          throw refused !== undefined && error instanceof Fault && error.data.index === index ? refused : error;
        }
        return shape(run.outcomeOf(index)?.value ?? null);
      });
    }) as unknown as PromiseLike<never>;
  };

  const table = (resource: string, partition?: string): TxTable => {
    const base = { resource, ...(partition === undefined ? {} : { partition }) };
    const target = (of: RowOrRows) =>
      typeof of === "object" ? whereMembers(of) : { id: typeof of === "string" ? literal(of) : of };
    return {
      get: (id) => add({ ...base, op: "read", ...target(id) }),
      findOne: (where, options) => add({ ...base, op: "read", ...whereMembers(where), ...listMembers(options) }),
      findMany: (where, options) =>
        add({ ...base, op: "list", ...(where === undefined ? {} : whereMembers(where)), ...listMembers(options) }),
      count: (where) => add({ ...base, op: "count", ...(where === undefined ? {} : whereMembers(where)) }),
      create: (data) => add({ ...base, op: "create", data: literalData(data) }),
      update: (of: RowOrRows, data: object, options: { readonly ifVersion?: string; readonly writes?: "all" } = {}) => {
        const { writes, ...conditions } = options;
        const item = { ...base, op: "update", ...target(of), data: literalData(data), ...conditions };
        return add(item, undefined, writes === undefined ? {} : { writes });
      },
      replace: (id, data) => add({ ...base, op: "replace", ...target(id), data: literalData(data) }),
      upsert: (data) => add({ ...base, op: "upsert", data: literalData(data) }),
      delete: (of: RowOrRows) => add({ ...base, op: "delete", ...target(of) }),
      restore: (id) => add({ ...base, op: "restore", ...target(id) }),
      require: (where) =>
        add({ ...base, op: "read", ...whereMembers(where) }, (value) => {
          if (value === null) throw new Fault({ slug: "precondition-failed", reason: "require" });
          return value;
        }),
    } as TxTable;
  };

  const base: TxBase = {
    table: table as TxBase["table"],
    create: (entity, data) => table(entity).create(data),
    findOne: (entity, where) => table(entity).findOne(where),
    findMany: (entity, where, options) => table(entity).findMany(where, options),
    update: (entity, where, data) => table(entity).update(where, data),
    delete: (entity, where) => table(entity).delete(where),
    effect(task, input) {
      refuseAfterEnd();
      if (!definition.effects.has(task))
        throw new TypeError(`no effect is called "${task}": declare it in defineApp({ effects })`);
      effects.push({ name: task, payload: JSON.parse(JSON.stringify(input ?? null)) as Json });
    },
    newId,
    transaction: (callback) => callback(tx),
    now: facts.nowMs,
    user: origin.exchange.principal,
  };
  const tx = new Proxy(base as Tx, {
    get(target, name) {
      if (typeof name !== "string" || name === "then") return undefined;
      return Object.hasOwn(target, name) ? target[name] : table(name);
    },
  });
  return {
    tx,
    effects,
    async end() {
      await line;
      isOver = true;
      if (doom !== null) throw doom.error;
    },
  };
}

/** `count` is for server code only, so the reader of lists does not know it: it is a list whose rows are counted. */
function readOperation(item: JsonObject, index: number, names: readonly string[]): Operation {
  if (item.op !== "count") return parseOperation(item, index, names);
  return { ...parseOperation({ ...item, op: "list" }, index, names), op: "count" };
}

function listMembers({ orderBy, limit, select }: ListInput = {}): JsonObject {
  return {
    ...(orderBy === undefined ? {} : { orderBy: [orderBy].flat().join(",") }),
    ...(limit === undefined ? {} : { limit }),
    ...(select === undefined ? {} : { select }),
  };
}

function literal(text: string): string {
  return text.replaceAll("{{", "{{{{");
}

/** A call that is tried out when somebody waits for it. */
class Call<T> implements PromiseLike<T> {
  readonly #start: () => Promise<T>;
  #result: Promise<T> | undefined;

  constructor(start: () => Promise<T>) {
    this.#start = start;
  }

  // biome-ignore lint/suspicious/noThenProperty: awaiting a call is what tries it out; one that nobody awaits costs no round
  then<A = T, B = never>(
    onDone?: ((value: T) => A | PromiseLike<A>) | null,
    onFailed?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#result ??= this.#start();
    return this.#result.then(onDone, onFailed);
  }
}
