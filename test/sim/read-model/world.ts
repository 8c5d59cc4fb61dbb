/**
 * The world of a read-model simulation: objects with the product's own ledger and pull (over node:sqlite), a D1, and consumers that run the
 * product's own `followObject` against both. Every await of a consumer is a step that a seeded scheduler may delay, lose before it
 * happened, or lose after; several consumers interleave at those steps.
 */

import { DatabaseSync } from "node:sqlite";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { fullyPublic, resource } from "ledge";
import { nodeSql } from "../../../durable-objects/sql/node-sqlite.ts";
import { handleCall } from "../../../durable-objects/table/handle-call.ts";
import { factsOf, pull } from "../../../durable-objects/table/pull.ts";
import type { RegisterPage } from "../../../durable-objects/table/registry.ts";
import { openStore, type Store } from "../../../durable-objects/table/store.ts";
import type { ObjectName } from "../../../src/core/ids.ts";
import type { Json } from "../../../src/core/json.ts";
import { CALL_VERSION, type ObjectCall } from "../../../src/core/protocol/object-call.ts";
import type { ProjectedTable } from "../../../src/core/read-model/projected-table.ts";
import type { PullRequest } from "../../../src/core/read-model/pull.ts";
import { ANONYMOUS } from "../../../src/core/scope/principal.ts";
import { type AppDefinition, checkApp } from "../../../src/define/app.ts";
import type { LedgeEnv } from "../../../src/edge/env.ts";
import type { Database } from "../../../src/features/read-model/database.ts";
import type { Consumer } from "../../../src/features/read-model/follow-object.ts";
import { type Projection, projectionOf } from "../../../src/features/read-model/projection.ts";
import { type NodeD1, nodeD1 } from "../../support/node-d1.ts";

const id = () => text("id").primaryKey();
const cards = resource(sqliteTable("cards", { id: id(), text: text("text").notNull(), size: integer("size") }), {
  ...fullyPublic(),
  id: "text",
  group: "desk",
  readModel: true,
  changelog: { maxCommits: 25 },
});
const marks = resource(sqliteTable("marks", { id: id(), cardId: text("card_id").notNull() }), {
  ...fullyPublic(),
  id: "text",
  group: "desk",
  readModel: true,
  changelog: { maxCommits: 25 },
});

export const app: AppDefinition = {
  name: "sim",
  resources: checkApp("sim", [cards, marks]),
  effects: new Map(),
};

const COLUMNS = {
  cards: "id text PRIMARY KEY NOT NULL, text text NOT NULL, size integer, _version integer DEFAULT 0 NOT NULL",
  marks: "id text PRIMARY KEY NOT NULL, card_id text NOT NULL, _version integer DEFAULT 0 NOT NULL",
};
const BASE = {
  tag: "0000_base",
  sql: Object.entries(COLUMNS)
    .map(([name, columns]) => `CREATE TABLE ${name} (${columns})`)
    .join(";--> statement-breakpoint\n"),
};
/** Changes rows without a commit, as migrations may. */
const CHANGED = { tag: "0001_sizes", sql: "UPDATE cards SET size = coalesce(size, 0) + 1000" };

export const D1_SQL = [
  `CREATE TABLE rm_copies (id integer PRIMARY KEY AUTOINCREMENT NOT NULL, object text NOT NULL, grp text NOT NULL, part text,
     status text NOT NULL, is_hidden integer NOT NULL, epoch text NOT NULL, migration text, form text NOT NULL, seq integer NOT NULL,
     head integer NOT NULL, size_bytes integer NOT NULL, place text, as_of integer NOT NULL, step integer NOT NULL)`,
  "CREATE UNIQUE INDEX rm_copies_serving ON rm_copies (object) WHERE status = 'serving'",
  "CREATE UNIQUE INDEX rm_copies_building ON rm_copies (object) WHERE status = 'building'",
  "CREATE TABLE rm_guards (held integer NOT NULL)",
  "CREATE TABLE rm_cards (_copy integer NOT NULL, id text NOT NULL, text text, size integer, _version integer, PRIMARY KEY (_copy, id)) WITHOUT ROWID",
  "CREATE TABLE rm_marks (_copy integer NOT NULL, id text NOT NULL, card_id text, _version integer, PRIMARY KEY (_copy, id)) WITHOUT ROWID",
];

/** Pages are small, so that much happens between them. */
const WHOLE: Projection = { ...projectionOf(app), limits: { rows: 6, commits: 5, size: 2000 } };
/** What two versions of the Worker copy: the second has `size` no longer in its list of columns. */
export const VERSIONS: readonly [Projection, Projection] = [
  WHOLE,
  { ...WHOLE, tables: new Map([...WHOLE.tables].map(([name, table]) => [name, withoutSize(table)])) },
];

function withoutSize(table: ProjectedTable): ProjectedTable {
  return { ...table, columns: table.columns.filter(({ name }) => name !== "size") };
}

/** Decides at each step of a consumer what becomes of it. */
export interface Weather {
  /** Resolves when the step may go on; rejects when it is lost. */
  step(name: string): Promise<void>;
}

export interface Commit {
  readonly epoch: string;
  readonly seq: number;
  readonly atMs: number;
}

export class World {
  readonly d1: NodeD1 = nodeD1(D1_SQL);
  readonly stores = new Map<ObjectName, Store>();
  #now = 1_800_000_000_000;
  #epochs = 0;
  /** What each object held at each position: `epoch:migration:seq` → rows. The truth that a copy is measured by. */
  readonly history = new Map<string, string>();
  /** Every commit and every beginning of a ledger of each object, in the order of their times. */
  readonly commits = new Map<ObjectName, Commit[]>();
  readonly #upgrading = new Map<ObjectName, Store>();

  get now(): number {
    return this.#now;
  }

  /** Time in which nothing happens. */
  pass(ms: number): void {
    this.#now += ms;
  }

  open(object: ObjectName, isMigrated: boolean, database = new DatabaseSync(":memory:")): Store {
    const fresh = ++this.#epochs;
    const store = openStore({
      app,
      migrations: { desk: isMigrated ? [BASE, CHANGED] : [BASE] },
      name: object,
      sql: nodeSql(database),
      alarm: { setAlarm: () => {} },
      clock: () => ++this.#now,
      random: (bytes) => new Uint8Array(bytes).fill(fresh),
    });
    this.stores.set(object, store);
    this.#upgrading.delete(object);
    databases.set(store, database);
    this.note(object);
    return store;
  }

  /** The object wakes in a new version of the code, whose migration changes rows. */
  migrate(object: ObjectName): void {
    const store = this.stores.get(object);
    if (store !== undefined) this.open(object, true, databases.get(store));
  }

  /** A migration of the object has to wait: until it is over nothing is written, and nothing told of what it holds. */
  toggleUpgrade(object: ObjectName): void {
    const store = this.stores.get(object);
    if (store === undefined) return;
    const ready = this.#upgrading.get(object);
    if (ready === undefined) this.#upgrading.set(object, store);
    else this.#upgrading.delete(object);
    this.stores.set(object, ready ?? { ...store, health: { kind: "waiting" } });
  }

  endUpgrades(): void {
    for (const object of [...this.#upgrading.keys()]) this.toggleUpgrade(object);
  }

  write(object: ObjectName, table: "cards" | "marks", intent: Json): void {
    const store = this.stores.get(object);
    if (store === undefined) return;
    try {
      handleCall(store, writeCall(object, table, intent));
    } catch {
      // A row that is there already, or is not there: nothing happened.
    }
    this.note(object);
  }

  note(object: ObjectName): void {
    const store = this.stores.get(object);
    if (store === undefined) return;
    const { epoch, head } = store;
    this.history.set(`${epoch}:${factsOf(store).migration}:${head.seq}`, rowsOf(store));
    const commits = this.commits.get(object) ?? [];
    const last = commits.at(-1);
    const entry = store.sql.all("SELECT at FROM _log WHERE seq = ?", [head.seq])[0];
    if (last?.epoch !== epoch || last.seq !== head.seq)
      commits.push({ epoch, seq: head.seq, atMs: Number(entry?.at ?? this.#now) });
    this.commits.set(object, commits);
  }

  /** D1, whose every answer is a step of the weather's. */
  database(weather: Weather): Database {
    const { database } = this.d1;
    const guarded = {
      prepare: (sql: string) => stepped(database.prepare(sql), weather),
      batch: async (statements: readonly { readonly inner: D1PreparedStatement }[]) => {
        await weather.step("batch.before");
        const result = await database.batch(statements.map(({ inner }) => inner));
        await weather.step("batch.after");
        return result;
      },
    };
    return guarded as unknown as Database;
  }

  /** A consumer of this version of the code; its clock counts its looks at it. */
  consumer(weather: Weather, projection: Projection): Consumer {
    let looks = 0;
    const env = {
      LEDGE_TABLES: {
        getByName: (name: ObjectName) => ({
          // Every object registers as it opens, before it commits anything.
          objects: async (page: RegisterPage) => {
            await weather.step("register.before");
            const names = [...this.stores.keys()].filter((object) => object > page.after && object < page.before);
            await weather.step("register.after");
            return names
              .sort()
              .slice(0, page.limit)
              .map((object) => ({ object }));
          },
          pull: async (request: string) => {
            await weather.step("pull.before");
            const store = this.stores.get(name) ?? this.open(name, false);
            const reply = JSON.stringify(pull(store, JSON.parse(request) as PullRequest));
            await weather.step("pull.after");
            return reply;
          },
        }),
      },
    } as unknown as LedgeEnv;
    return { env, database: this.database(weather), projection, clock: () => ++looks };
  }
}

const databases = new WeakMap<Store, DatabaseSync>();

function stepped(inner: D1PreparedStatement, weather: Weather): unknown {
  return {
    inner,
    bind: (...params: unknown[]) => stepped(inner.bind(...params), weather),
    all: async () => {
      await weather.step("read");
      return inner.all();
    },
  };
}

/** All rows of an object, without versions, as one text. */
export function rowsOf(store: Store): string {
  const read = (table: string, columns: string) => store.sql.all(`SELECT ${columns} FROM ${table} ORDER BY id`, []);
  return JSON.stringify([read("cards", "id, text, size"), read("marks", "id, card_id")]);
}

function writeCall(object: ObjectName, table: string, intent: Json): ObjectCall {
  return {
    v: CALL_VERSION,
    object,
    table,
    partition: null,
    requestId: "sim",
    traceparent: null,
    principal: ANONYMOUS,
    op: "write",
    intent,
    invalid: [],
    scopes: { read: "*", create: "*", update: "*", delete: "*" },
    conditions: {},
    idempotency: null,
    attempt: null,
    expectVersion: null,
    isMinimal: false,
    wantsChange: false,
  } as unknown as ObjectCall;
}
