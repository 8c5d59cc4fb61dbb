/**
 * The object while it is in memory: its opened store with what stands on it, which is the transaction host, group commit, the objects that depend
 * on its rows, and its sockets while there are some. They begin together and are let go together, since each keeps what it read of this
 * store. Made by the object's class, which knows the platform; serves no call by itself.
 */

import type { LiveOpening } from "../../src/core/protocol/live-opening.ts";
import { openTicket } from "../../src/edge/live/ticket.ts";
import { Dependents } from "./dependents.ts";
import { type GroupCommit, groupCommit } from "./group-commit.ts";
import { LiveHost } from "./live-host.ts";
import { openStore, type Store, type StoreOptions } from "./store.ts";
import type { ObjectEnv } from "./table-object-rpc.ts";
import { TransactionHost } from "./transaction-host.ts";
import { transactionPort } from "./transaction-port.ts";

export interface ActiveObjectPort {
  readonly ctx: DurableObjectState;
  readonly env: ObjectEnv;
  /** What the store is opened with; its alarm is this object's own. */
  readonly store: Omit<StoreOptions, "alarm">;
  /** Every promise has its outcome. */
  readonly onSettled: (object: ActiveObject) => void;
}

export class ActiveObject {
  readonly store: Store;
  readonly host: TransactionHost;
  readonly groups: GroupCommit;
  readonly dependents: Dependents;
  /** Absent while nobody has a socket. */
  live: LiveHost | undefined;
  readonly #port: ActiveObjectPort;

  constructor(port: ActiveObjectPort) {
    const { ctx, env } = port;
    this.#port = port;
    let host: TransactionHost | undefined;
    // What transactions wait for may be due sooner than any timer of the table.
    const setAlarm = (atMs: number) => void ctx.storage.setAlarm(Math.min(atMs, host?.nextAlarmMs() ?? atMs));
    this.store = openStore({ ...port.store, alarm: { setAlarm } });
    host = new TransactionHost(this.store, {
      port: transactionPort(this.store, this.store.sql.sizeBytes),
      setAlarm: (atMs) => void ctx.storage.setAlarm(atMs),
      onSettled: () => port.onSettled(this),
      send: async ({ to, message }) => JSON.parse(await env.LEDGE_TABLES.getByName(to).agree(JSON.stringify(message))),
    });
    this.host = host;
    // Before anything is served: what was promised is held again.
    this.store.keys = host;
    this.groups = groupCommit({ store: this.store, durable: () => ctx.storage.sync(), clock: this.store.clock });
    this.dependents = new Dependents(this.store, async (object, news) =>
      env.LEDGE_TABLES.getByName(object).usedRowsChanged(JSON.stringify(news)),
    );
    if (ctx.getWebSockets().length > 0) this.live = this.#openLive();
  }

  /** Takes a socket, the first one maybe. */
  acceptSocket(opening: LiveOpening): Response {
    this.live ??= this.#openLive();
    return this.live.accept(opening);
  }

  /** Sockets are told later; those elsewhere whose rights the commit at `seq` may have withdrawn, before it is answered ([RV2]). */
  afterWrite<R>(reply: R, seq: number | null): R | Promise<R> {
    this.live?.note();
    if (!this.store.hasDue) return reply;
    const told = this.dependents.tellDue(seq ?? Number.POSITIVE_INFINITY);
    return seq === null ? reply : told.then(() => reply);
  }

  #openLive(): LiveHost {
    const { ctx, env } = this.#port;
    return new LiveHost(this.store, {
      platform: ctx,
      unsettled: () => this.host.held().map(({ txid }) => txid),
      askUsedRows: async (object, question) =>
        JSON.parse(await env.LEDGE_TABLES.getByName(object).usedRows(JSON.stringify(question))),
      openTicket: (ticket) => openTicket(env, ticket, Date.now()).catch(() => null),
    });
  }
}
