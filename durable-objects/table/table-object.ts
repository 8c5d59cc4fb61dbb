/**
 * The Durable Object that owns the tables of one group (or of one partition of it): a switchboard. It opens the store on its
 * first call, passes each call to its verb in a sibling file, turns faults into data, and keeps the alarm.
 * Runs on `ctx.storage.sql` with synchronous transactions only; the output gate holds every reply until it is durable.
 */

import { DurableObject } from "cloudflare:workers";
import type { ObjectName } from "../../src/core/ids.ts";
import { CLOSE } from "../../src/core/live/wire-schema.ts";
import { parseLogLevel } from "../../src/core/log.ts";
import { LIVE_HEADER, type LiveOpening } from "../../src/core/protocol/live-opening.ts";
import { CALL_VERSION, type ObjectCall, type ObjectReply } from "../../src/core/protocol/object-call.ts";
import { isRegistry, registryName } from "../../src/core/protocol/registry-name.ts";
import type { UsedNews, UsedQuestion } from "../../src/core/protocol/used-rows.ts";
import { decodeCall, encodeReply } from "../../src/core/protocol/wire.ts";
import { printFilter } from "../../src/core/query/print.ts";
import type { NewsTaken, PullRequest } from "../../src/core/read-model/pull.ts";
import type { AccessEnded } from "../../src/core/scope/access-ended.ts";
import type { AppDefinition, MigrationSet } from "../../src/define/app.ts";
import { objectStorageSql } from "../sql/object-storage.ts";
import { ActiveObject } from "./active-object.ts";
import { type AgreeMessage, agree, appliedAt } from "./agree.ts";
import { callFault, carryOutCall } from "./carry-out-call.ts";
import { looking } from "./commit-footprint.ts";
import { usedFilter } from "./dependents.ts";
import type { FailPoint } from "./fail-points.ts";
import { endAccess, endAccessAgain, type Follower, follow, type TellEnded } from "./followers.ts";
import { Blocked } from "./key-gate.ts";
import { refuseEnded } from "./live-host.ts";
import { setLogThreshold } from "./log-line.ts";
import { newsTaken } from "./news.ts";
import { pull } from "./pull.ts";
import { ensureRegistered, type Registrar } from "./registration.ts";
import {
  failingObjects,
  holdsRows,
  isRegistered,
  objectOfEpoch,
  type RegisterPage,
  type Registration,
  type RegistryAnswer,
  registeredObjects,
  registerObject,
} from "./registry.ts";
import { runAlarm } from "./run-alarm.ts";
import type { Store } from "./store.ts";
import type { ObjectEnv, Pong, TableObjectRpc } from "./table-object-rpc.ts";
import { hasLostAlarm } from "./timers.ts";

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
    #object: ActiveObject | undefined;
    readonly #registrar: Registrar = { state: "unknown" };
    readonly #tellEnded: TellEnded = async (object, ended) => this.#peer(object).endSockets(ended);

    /**
     * Serves one call; never throws for an expected failure, and shows nothing of an unexpected one. A promise only where there is
     * something to wait for: most calls are answered in the turn that brought them.
     */
    call(text: string): string | Promise<string> {
      const call = decodeCall(text);
      if (call?.v !== CALL_VERSION) return encodeReply(OTHER_VERSION);
      const sinceMs = Date.now();
      const failed = (error: unknown): string | Promise<string> => {
        if (!(error instanceof Blocked)) return encodeReply(callFault(error, call, this.#object?.store));
        const object = this.#open();
        const freed = object.host.waitForKeys(error.footprint, sinceMs);
        return freed.then(() => carryOutCall(object, call)).then(encodeReply, failed);
      };
      try {
        const reply = this.#serve(call);
        return reply instanceof Promise ? reply.then(encodeReply).catch(failed) : encodeReply(reply);
      } catch (error) {
        return failed(error);
      }
    }

    #serve(call: ObjectCall): ObjectReply | Promise<ObjectReply> {
      const object = this.#open();
      const { store } = object;
      if (call.object !== store.name) throw new Error(`call for ${call.object} reached ${store.name}`);
      const registering = this.#register(store, call.table);
      return registering === null ? carryOutCall(object, call) : registering.then(() => carryOutCall(object, call));
    }

    /**
     * A message of a transaction over several objects ([TP17]), from a Worker or from another object; the reply to it. Rejects where
     * the sender is to take it for lost.
     */
    async agree(text: string): Promise<string> {
      const message = JSON.parse(text) as AgreeMessage;
      const object = this.#open();
      const { store, host } = object;
      if ("work" in message && message.work !== null && message.work.header.table !== null)
        await this.#register(store, message.work.header.table);
      const reply = await agree(store, host, message);
      const seq = store.hasDue ? appliedAt(store, message) : null;
      return JSON.stringify(await object.afterWrite(reply, seq));
    }

    /** A socket, opened by the Worker for a caller it has authenticated. */
    override async fetch(request: Request): Promise<Response> {
      const header = request.headers.get(LIVE_HEADER);
      if (header === null || request.headers.get("upgrade") !== "websocket") return new Response(null, { status: 404 });
      const opening = JSON.parse(header) as LiveOpening;
      const { store } = this.#open();
      if (opening.v !== 1 || opening.object !== store.name) return new Response(null, { status: 503 });
      await this.#register(store, opening.table);
      const { who: userId, credential, provenAtMs, object } = opening;
      if (userId !== null && credential !== null) {
        const ended = await this.#peer(registryFor(object)).follow({ object, userId, credential, provenAtMs });
        if (ended !== null) return refuseEnded(ended);
      }
      // It may have been let go, and opened anew, meanwhile.
      return this.#open().acceptSocket(opening);
    }

    override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
      this.#open().live?.message(socket, message);
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
      this.#open().live?.gone(socket);
    }

    /** What a consumer of the read model has yet to take, both as JSON (`src/core/read-model/pull.ts`). */
    async pull(text: string): Promise<string> {
      return JSON.stringify(pull(this.#open().store, JSON.parse(text) as PullRequest));
    }

    /** A consumer that a message told of news has taken everything. */
    async newsTaken(text: string): Promise<void> {
      newsTaken(this.#open().store, JSON.parse(text) as NewsTaken);
    }

    /** Opens the object. The registry also names the objects that a failed migration keeps read-only. */
    async ping(): Promise<Pong> {
      const { store } = this.#open();
      return { failing: isRegistry(store.name) ? failingObjects(store) : [] };
    }

    /** On the registry object only: notes an object and its placement, or tells what would be stranded. */
    async register(registration: Registration): Promise<RegistryAnswer> {
      return registerObject(this.#open().store, registration, (name, table) => this.#peer(name).holdsRows(table));
    }

    /** On the registry object only: notes that a socket opens for a caller; what has ended of that access meanwhile, or null. */
    async follow(follower: Follower): Promise<AccessEnded["kind"] | null> {
      return follow(this.#open().store.sql, follower, Date.now());
    }

    /** On the registry object only: has the sockets of a caller closed wherever they are. */
    async accessEnded(ended: AccessEnded): Promise<void> {
      await endAccess(this.#open().store, ended, this.#tellEnded);
    }

    /** Closes the sockets of a caller here; whether the person has others left. */
    async endSockets(ended: AccessEnded): Promise<boolean> {
      return this.#open().live?.endAccess(ended) ?? false;
    }

    /** The rows of a user that a scope uses; whoever asks for an object is told from then on when they change ([RV2]). */
    async usedRows(text: string): Promise<string> {
      const question = JSON.parse(text) as UsedQuestion;
      const { store, host, dependents } = this.#open();
      await this.#register(store, question.table);
      const spec = store.tables.get(question.table)?.spec;
      if (spec === undefined) throw new Error(`${store.name} has no table ${question.table}`);
      const filter = printFilter(usedFilter(spec, question));
      // Rows that a transaction holds are waited for, as by any read.
      const footprint = looking([], [{ table: question.table, filter }]);
      const run = () => dependents.answer(question);
      return JSON.stringify(await host.read({ footprint, run }));
    }

    /** Rows that scopes here depend on have changed in their object; for each of the news whether somebody here needs such. */
    async usedRowsChanged(text: string): Promise<readonly boolean[]> {
      const { live } = this.#open();
      return (JSON.parse(text) as readonly UsedNews[]).map((news) => live?.learn(news) ?? false);
    }

    /** On the registry object only: every object there is, or a page of them. */
    async objects(page?: RegisterPage): Promise<readonly Registration[]> {
      return registeredObjects(this.#open().store, page);
    }

    /** On the registry object only: whose ledger has this epoch. */
    async objectOf(epoch: string): Promise<ObjectName | null> {
      return objectOfEpoch(this.#open().store, epoch);
    }

    /** On the registry object only: whether there is such an object. */
    async isRegistered(object: ObjectName): Promise<boolean> {
      return isRegistered(this.#open().store, object);
    }

    /** Whether a table, under whatever placement it was written, has rows here. */
    async holdsRows(table: string): Promise<boolean> {
      return holdsRows(this.#open().store.sql, table);
    }

    override async alarm(): Promise<void> {
      const object = this.#open();
      const { store, host, dependents } = object;
      host.onAlarm();
      await runAlarm(store, this.env, {
        dependents: () => dependents.tellAgain(),
        access: () => endAccessAgain(store, this.#tellEnded),
      });
      // Rows that wake, and promises that are carried out, are commits as well.
      await object.afterWrite(null, 0);
      const nextMs = host.nextAlarmMs();
      if (Number.isFinite(nextMs)) store.alarm.setAlarm(nextMs);
    }

    #open(): ActiveObject {
      if (this.#object !== undefined) return this.#object;
      const { ctx, env } = this;
      if (ctx.id.name === undefined) throw new Error("a table object must be addressed by name");
      setLogThreshold(parseLogLevel(env.LEDGE_LOG_LEVEL));
      this.#object = new ActiveObject({
        ctx,
        env,
        store: {
          app: definition,
          migrations,
          name: ctx.id.name as ObjectName,
          sql: objectStorageSql(ctx.storage),
          clock: () => Date.now(),
          random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
          failPoint: options.failPoint?.(ctx),
        },
        onSettled: (object) => this.#reopen(object),
      });
      if (hasLostAlarm(this.#object.store.sql, Date.now())) void this.#restoreAlarm();
      return this.#object;
    }

    /** Only where none is set: an unconditional alarm on every wake is billed on every wake. */
    async #restoreAlarm(): Promise<void> {
      if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now());
    }

    /** A migration that waited for promises is carried out by the next call ([TP14]). */
    #reopen({ store, live }: ActiveObject): void {
      if (store.health.kind !== "waiting") return;
      live?.endAll();
      this.#object = undefined;
    }

    /** Null where the object is known already. Rejects with a fault where the table may not be served. */
    #register(store: Store, table: string): Promise<void> | null {
      if (this.#registrar.state === "registered") return null;
      const registry = isRegistry(store.name) ? null : this.#peer(registryFor(store.name));
      const register =
        registry && ((registration: Registration) => registry.register(registration) as Promise<RegistryAnswer>);
      return ensureRegistered(store, this.#registrar, table, register);
    }

    #peer(name: ObjectName): DurableObjectStub<TableObjectRpc> {
      return this.env.LEDGE_TABLES.getByName(name);
    }
  };
}

/** `t/<app>/…` → `t/<app>/_registry` */
function registryFor(name: ObjectName): ObjectName {
  return registryName(name.split("/")[1] ?? "");
}
