/**
 * The Durable Object that owns the tables of one group (or of one partition of it): a switchboard. It opens the store on its
 * first call, passes each call to its verb in a sibling file, turns faults into data, and keeps the alarm.
 * Runs on `ctx.storage.sql` with synchronous transactions only; the output gate holds every reply until it is durable. Its lines are many short
 * methods, since the platform calls them all on one class.
 */

import { DurableObject } from "cloudflare:workers";
import { Fault } from "../../src/core/fault.ts";
import type { ObjectName } from "../../src/core/ids.ts";
import { CLOSE } from "../../src/core/live/wire-schema.ts";
import { parseLogLevel } from "../../src/core/log.ts";
import { LIVE_HEADER, type LiveOpening } from "../../src/core/protocol/live-opening.ts";
import { CALL_VERSION, isWrite, type ObjectCall, type ObjectReply } from "../../src/core/protocol/object-call.ts";
import type { UsedNews, UsedQuestion } from "../../src/core/protocol/used-rows.ts";
import { decodeCall, encodeReply } from "../../src/core/protocol/wire.ts";
import { printFilter } from "../../src/core/query/print.ts";
import type { NewsTaken, PullRequest } from "../../src/core/read-model/pull.ts";
import type { AccessEnded } from "../../src/core/scope/access-ended.ts";
import type { AppDefinition, MigrationSet } from "../../src/define/app.ts";
import { openTicket } from "../../src/edge/live/ticket.ts";
import { objectStorageSql } from "../sql/object-storage.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";
import { type AgreeMessage, agree, appliedAt } from "./agree.ts";
import { callWeight } from "./call-weight.ts";
import { looking } from "./commit-footprint.ts";
import { Dependents, usedFilter } from "./dependents.ts";
import type { FailPoint } from "./fail-points.ts";
import { endAccess, endAccessAgain, type Follower, follow, type TellEnded } from "./followers.ts";
import { type GroupCommit, groupCommit } from "./group-commit.ts";
import { handleCall, touchedBy } from "./handle-call.ts";
import { Blocked } from "./key-gate.ts";
import { LiveHost, refuseEnded } from "./live-host.ts";
import { errorText, logLine, setLogThreshold } from "./log-line.ts";
import { newsTaken } from "./news.ts";
import { pull } from "./pull.ts";
import { ensureRegistered, type Registrar } from "./registration.ts";
import {
  failingObjects,
  isRegistered,
  isRegistry,
  objectOfEpoch,
  type Placement,
  type Registration,
  type RegistryAnswer,
  registeredObjects,
  registerObject,
} from "./registry.ts";
import { runAlarm } from "./run-alarm.ts";
import { storageFault } from "./storage-fault.ts";
import { openStore, type Store } from "./store.ts";
import { hasLostAlarm } from "./timers.ts";
import { TransactionHost } from "./transaction-host.ts";
import { transactionPort } from "./transaction-port.ts";

export interface ObjectEnv {
  readonly LEDGE_TABLES: DurableObjectNamespace<TableObjectRpc>;
  readonly LEDGE_ENV?: string;
  readonly LEDGE_SECRET?: string;
  readonly LEDGE_LOG_LEVEL?: string;
}

export interface Pong {
  readonly failing: readonly ObjectName[];
}

/** The methods that the Worker and other objects call. */
export interface TableObjectRpc extends Rpc.DurableObjectBranded {
  /** Takes a call and gives its reply, both as text (`src/core/protocol/wire.ts`). */
  call(text: string): string | Promise<string>;
  ping(): Promise<Pong>;
  register(registration: Registration): Promise<RegistryAnswer>;
  objects(): Promise<readonly Registration[]>;
  objectOf(epoch: string): Promise<ObjectName | null>;
  isRegistered(object: ObjectName): Promise<boolean>;
  holdsRows(table: string): Promise<boolean>;
  agree(text: string): Promise<string>;
  pull(text: string): Promise<string>;
  newsTaken(text: string): Promise<void>;
  follow(follower: Follower): Promise<AccessEnded["kind"] | null>;
  accessEnded(ended: AccessEnded): Promise<void>;
  endSockets(ended: AccessEnded): Promise<boolean>;
  usedRows(text: string): Promise<string>;
  usedRowsChanged(text: string): Promise<readonly boolean[]>;
}

const OTHER_VERSION: ObjectReply = {
  kind: "fault",
  fault: { slug: "unavailable", retryAfter: 1, detail: "The object runs another version." },
  position: null,
};

export interface TableObjectOptions {
  /** Makes what is called between the steps of one object's work; for tests of what a loss leaves behind. */
  readonly failPoint?: (ctx: DurableObjectState) => FailPoint;
}

/** The object class of an application. */
export function tableObject(
  app: { readonly definition: AppDefinition },
  migrations: MigrationSet,
  options: TableObjectOptions = {},
) {
  // Read while the module loads: a mistake that spans tables stops the Worker from starting, so a deploy of it is refused.
  const { definition } = app;
  return class TableObject
    extends DurableObject<ObjectEnv>
    implements Omit<TableObjectRpc, keyof Rpc.DurableObjectBranded>
  {
    #store: Store | undefined;
    #group: GroupCommit | undefined;
    #host: TransactionHost | undefined;
    #dependents: Dependents | undefined;
    /** Absent while nobody has a socket. */
    #live: LiveHost | undefined;
    readonly #registrar: Registrar = { state: "unknown" };
    readonly #tellEnded: TellEnded = async (object, ended) => this.env.LEDGE_TABLES.getByName(object).endSockets(ended);

    /**
     * Serves one call; never throws for an expected failure, and shows nothing of an unexpected one. A promise only where there is
     * something to wait for: most calls are answered in the turn that brought them.
     */
    call(text: string): string | Promise<string> {
      const call = decodeCall(text);
      if (call?.v !== CALL_VERSION) return encodeReply(OTHER_VERSION);
      const sinceMs = Date.now();
      const failed = (error: unknown): string | Promise<string> => {
        if (!(error instanceof Blocked)) return encodeReply(this.#faultOf(call, error));
        const store = this.#open();
        const freed = this.#hosted(store).waitForKeys(error.footprint, sinceMs);
        return freed.then(() => this.#carryOut(store, call)).then(encodeReply, failed);
      };
      try {
        const reply = this.#serve(call);
        return reply instanceof Promise ? reply.then(encodeReply).catch(failed) : encodeReply(reply);
      } catch (error) {
        return failed(error);
      }
    }

    #serve(call: ObjectCall): ObjectReply | Promise<ObjectReply> {
      const store = this.#open();
      if (call.object !== store.name) throw new Error(`call for ${call.object} reached ${store.name}`);
      const registering =
        this.#registrar.state === "registered"
          ? null
          : ensureRegistered(store, this.#registrar, call.table, this.#registry());
      return registering === null ? this.#carryOut(store, call) : registering.then(() => this.#carryOut(store, call));
    }

    #carryOut(store: Store, call: ObjectCall): ObjectReply | Promise<ObjectReply> {
      if (!isWrite(call)) {
        const host = this.#hosted(store);
        if (call.consistency === "committed" || host.isFreeForReads()) return handleCall(store, call);
        return host.read({ footprint: touchedBy(store, call), run: (note) => handleCall(store, call, note) });
      }
      const reply = this.#groups(store).submit(
        () => handleCall(store, call),
        () => callWeight(call),
      );
      return reply instanceof Promise
        ? reply.then((done) => this.#afterWrite(store, done, committedAt(done)))
        : this.#afterWrite(store, reply, committedAt(reply));
    }

    /** Sockets are told later; those elsewhere whose rights the commit at `seq` may have withdrawn, before it is answered ([RV2]). */
    #afterWrite<R>(store: Store, reply: R, seq: number | null): R | Promise<R> {
      this.#live?.note();
      if (!store.hasDue) return reply;
      const told = this.#dependentsOf(store).tellDue(seq ?? Number.POSITIVE_INFINITY);
      return seq === null ? reply : told.then(() => reply);
    }

    #faultOf(call: ObjectCall, error: unknown): ObjectReply {
      const store = this.#store;
      const position = store === undefined ? null : `${store.epoch}:${store.head.seq}`;
      if (error instanceof Fault) return { kind: "fault", fault: error.data, position };
      const fault = storageFault(error);
      logLine("error", fault === null ? "defect in an object" : "the storage of an object fails", {
        object: this.ctx.id.name,
        table: call.table,
        op: call.op,
        requestId: call.requestId,
        traceparent: call.traceparent,
        error: errorText(error),
      });
      return { kind: "fault", fault: fault?.data ?? { slug: "internal-error" }, position };
    }

    /**
     * A message of a transaction over several objects ([TP17]), from a Worker or from another object; the reply to it. Rejects where
     * the sender is to take it for lost.
     */
    async agree(text: string): Promise<string> {
      const message = JSON.parse(text) as AgreeMessage;
      const store = this.#open();
      if ("work" in message && message.work !== null && message.work.header.table !== null)
        await ensureRegistered(store, this.#registrar, message.work.header.table, this.#registry());
      const reply = await agree(store, this.#hosted(store), message);
      const seq = store.hasDue ? appliedAt(store, message) : null;
      return JSON.stringify(await this.#afterWrite(store, reply, seq));
    }

    /** A socket, opened by the Worker for a caller it has authenticated. */
    override async fetch(request: Request): Promise<Response> {
      const header = request.headers.get(LIVE_HEADER);
      if (header === null || request.headers.get("upgrade") !== "websocket") return new Response(null, { status: 404 });
      const opening = JSON.parse(header) as LiveOpening;
      const store = this.#open();
      if (opening.v !== 1 || opening.object !== store.name) return new Response(null, { status: 503 });
      await ensureRegistered(store, this.#registrar, opening.table, this.#registry());
      const { who: userId, credential, provenAtMs, object } = opening;
      if (userId !== null && credential !== null) {
        const registry = this.env.LEDGE_TABLES.getByName(registryFor(object));
        const ended = await registry.follow({ object, userId, credential, provenAtMs });
        if (ended !== null) return refuseEnded(ended);
      }
      this.#live ??= this.#openLive(store);
      return this.#live.accept(opening);
    }

    override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
      this.#open();
      this.#live?.message(socket, message);
    }

    /** The platform leaves a close half done until the object closes, too: the client would wait for its event. */
    override webSocketClose(socket: WebSocket): void {
      this.webSocketError(socket);
      try {
        socket.close(CLOSE.normal);
      } catch {
        // It is closed on both sides.
      }
    }

    override webSocketError(socket: WebSocket): void {
      this.#open();
      this.#live?.gone(socket);
    }

    /** What a consumer of the read model has yet to take, both as JSON (`src/core/read-model/pull.ts`). */
    async pull(text: string): Promise<string> {
      return JSON.stringify(pull(this.#open(), JSON.parse(text) as PullRequest));
    }

    /** A consumer that a message told of news has taken everything. */
    async newsTaken(text: string): Promise<void> {
      newsTaken(this.#open(), JSON.parse(text) as NewsTaken);
    }

    /** Opens the object. The registry also names the objects that a failed migration keeps read-only. */
    async ping(): Promise<Pong> {
      const store = this.#open();
      return { failing: isRegistry(store.name) ? failingObjects(store) : [] };
    }

    /** On the registry object only: notes an object and its placement, or tells what would be stranded. */
    async register(registration: Registration): Promise<RegistryAnswer> {
      const store = this.#open();
      const holds = (name: ObjectName, table: string) => this.env.LEDGE_TABLES.getByName(name).holdsRows(table);
      return registerObject(store, registration, holds);
    }

    /** On the registry object only: notes that a socket opens for a caller; what has ended of that access meanwhile, or null. */
    async follow(follower: Follower): Promise<AccessEnded["kind"] | null> {
      return follow(this.#open().sql, follower, Date.now());
    }

    /** On the registry object only: has the sockets of a caller closed wherever they are. */
    async accessEnded(ended: AccessEnded): Promise<void> {
      await endAccess(this.#open(), ended, this.#tellEnded);
    }

    /** Closes the sockets of a caller here; whether the person has others left. */
    async endSockets(ended: AccessEnded): Promise<boolean> {
      this.#open();
      return this.#live?.endAccess(ended) ?? false;
    }

    /** The rows of a user that a scope uses; whoever asks for an object is told from then on when they change ([RV2]). */
    async usedRows(text: string): Promise<string> {
      const question = JSON.parse(text) as UsedQuestion;
      const store = this.#open();
      await ensureRegistered(store, this.#registrar, question.table, this.#registry());
      const spec = store.tables.get(question.table)?.spec;
      if (spec === undefined) throw new Error(`${store.name} has no table ${question.table}`);
      const filter = printFilter(usedFilter(spec, question));
      // Rows that a transaction holds are waited for, as by any read.
      const footprint = looking([], [{ table: question.table, filter }]);
      const run = () => this.#dependentsOf(store).answer(question);
      return JSON.stringify(await this.#hosted(store).read({ footprint, run }));
    }

    /** Rows that scopes here depend on have changed in their object; for each of the news whether somebody here needs such. */
    async usedRowsChanged(text: string): Promise<readonly boolean[]> {
      this.#open();
      return (JSON.parse(text) as readonly UsedNews[]).map((news) => this.#live?.learn(news) ?? false);
    }

    /** On the registry object only: every object there is. */
    async objects(): Promise<readonly Registration[]> {
      return registeredObjects(this.#open());
    }

    /** On the registry object only: whose ledger has this epoch. */
    async objectOf(epoch: string): Promise<ObjectName | null> {
      return objectOfEpoch(this.#open(), epoch);
    }

    /** On the registry object only: whether there is such an object. */
    async isRegistered(object: ObjectName): Promise<boolean> {
      return isRegistered(this.#open(), object);
    }

    /** Whether a table, under whatever placement it was written, has rows here. */
    async holdsRows(table: string): Promise<boolean> {
      const { sql } = this.#open();
      const exists =
        sql.all("SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = ?", [table]).length > 0;
      return exists && sql.all(`SELECT 1 AS found FROM ${quoteIdentifier(table)} LIMIT 1`, []).length > 0;
    }

    override async alarm(): Promise<void> {
      const store = this.#open();
      const host = this.#hosted(store);
      host.onAlarm();
      await runAlarm(store, this.env, {
        dependents: () => this.#dependentsOf(store).tellAgain(),
        access: () => endAccessAgain(store, this.#tellEnded),
      });
      // Rows that wake, and promises that are carried out, are commits as well.
      await this.#afterWrite(store, null, 0);
      const nextMs = host.nextAlarmMs();
      if (Number.isFinite(nextMs)) store.alarm.setAlarm(nextMs);
    }

    #openLive(store: Store): LiveHost {
      const host = this.#hosted(store);
      return new LiveHost(store, {
        platform: this.ctx,
        unsettled: () => host.held().map(({ txid }) => txid),
        askUsedRows: async (object, question) =>
          JSON.parse(await this.env.LEDGE_TABLES.getByName(object).usedRows(JSON.stringify(question))),
        openTicket: (ticket) => openTicket(this.env, ticket, Date.now()).catch(() => null),
      });
    }

    #dependentsOf(store: Store): Dependents {
      this.#dependents ??= new Dependents(store, async (object, news) =>
        this.env.LEDGE_TABLES.getByName(object).usedRowsChanged(JSON.stringify(news)),
      );
      return this.#dependents;
    }

    #hosted(store: Store): TransactionHost {
      if (this.#host !== undefined) return this.#host;
      this.#host = new TransactionHost(store, {
        port: transactionPort(store, store.sql.sizeBytes),
        setAlarm: (atMs) => void this.ctx.storage.setAlarm(atMs),
        onSettled: () => this.#reopen(store),
        send: async ({ to, message }) =>
          JSON.parse(await this.env.LEDGE_TABLES.getByName(to).agree(JSON.stringify(message))),
      });
      store.keys = this.#host;
      return this.#host;
    }

    #groups(store: Store): GroupCommit {
      this.#group ??= groupCommit({ store, durable: () => this.ctx.storage.sync(), clock: () => Date.now() });
      return this.#group;
    }

    #open(): Store {
      if (this.#store !== undefined) return this.#store;
      const name = this.ctx.id.name;
      if (name === undefined) throw new Error("a table object must be addressed by name");
      setLogThreshold(parseLogLevel(this.env.LEDGE_LOG_LEVEL));
      this.#store = openStore({
        app: definition,
        migrations,
        name: name as ObjectName,
        sql: objectStorageSql(this.ctx.storage),
        // What transactions wait for may be due sooner than any timer of the table.
        alarm: {
          setAlarm: (atMs) => void this.ctx.storage.setAlarm(Math.min(atMs, this.#host?.nextAlarmMs() ?? atMs)),
        },
        clock: () => Date.now(),
        random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
        failPoint: options.failPoint?.(this.ctx),
      });
      if (hasLostAlarm(this.#store.sql, Date.now())) void this.#restoreAlarm();
      // Before anything is served: what was promised is held again.
      this.#hosted(this.#store);
      if (this.ctx.getWebSockets().length > 0) this.#live = this.#openLive(this.#store);
      return this.#store;
    }

    /** Only where none is set: an unconditional alarm on every wake is billed on every wake. */
    async #restoreAlarm(): Promise<void> {
      if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now());
    }

    /** A migration that waited for promises is carried out by the next call ([TP14]). */
    #reopen(store: Store): void {
      if (store.health.kind !== "waiting") return;
      // It stands on the store that is let go.
      this.#live?.endAll();
      this.#live = undefined;
      this.#store = undefined;
      this.#group = undefined;
      this.#host = undefined;
      this.#dependents = undefined;
    }

    #registry(): ((registration: Registration) => Promise<RegistryAnswer>) | null {
      const name = this.ctx.id.name as ObjectName;
      if (isRegistry(name)) return null;
      return (registration) =>
        this.env.LEDGE_TABLES.getByName(registryFor(name)).register(registration) as Promise<RegistryAnswer>;
    }
  };
}

/** Where a write stands, also one that is answered again; null: it committed nothing. */
function committedAt(reply: ObjectReply): number | null {
  return reply.kind === "answer" ? Number(reply.position.slice(reply.position.lastIndexOf(":") + 1)) : null;
}

/** `t/<app>/…` → `t/<app>/_registry` */
function registryFor(name: ObjectName): ObjectName {
  return `t/${name.split("/")[1]}/_registry` as ObjectName;
}

export type { Placement };
