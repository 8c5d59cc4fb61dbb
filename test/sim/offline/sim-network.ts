/**
 * The ways between tabs and server: requests that are lost, late or repeated, answers that do not come; sockets that keep their order and break.
 * Nothing is under way for longer than an attempt lives.
 */

import type { ObjectName } from "../../../src/core/ids.ts";
import type { SocketRights } from "../../../src/core/live/socket-state.ts";
import type { AttemptReply } from "../../../src/core/offline/judge-reply.ts";
import type { OutboxEntry, RowWrite } from "../../../src/core/offline/outbox-entry.ts";
import type { PresentRow } from "../../../src/core/offline/outbox-port.ts";
import { type ModelServer, PARTITIONS, type PartitionName } from "./model-server.ts";
import type { SimBrowser } from "./sim-browser.ts";
import type { SimTab } from "./sim-tab.ts";
import type { SimWorld } from "./sim-world.ts";

interface Connection {
  readonly id: number;
  readonly tab: SimTab;
  readonly partition: PartitionName;
  isOpen: boolean;
  /** When the last frame of each direction arrives: sockets keep their order. */
  upAtMs: number;
  downAtMs: number;
}

/** Below the life of an attempt. */
const MAX_UNDER_WAY_MS = 9_000;

export class SimNetwork {
  readonly #world: SimWorld;
  readonly #server: ModelServer;
  readonly #isPumped = new Set<PartitionName>();
  #connections: Connection[] = [];
  /** Writes that left for another person than made them. */
  readonly foreign: string[] = [];

  constructor(world: SimWorld, server: ModelServer) {
    this.#world = world;
    this.#server = server;
  }

  /** Connections for which this holds break, and both ends learn of it. */
  breakWhere(test: (connection: { readonly tab: SimTab; readonly partition: PartitionName }) => boolean): void {
    for (const connection of this.#connections.filter(test)) this.#drop(connection);
  }

  request(tab: SimTab, entry: OutboxEntry, answered: (reply: AttemptReply) => void): void {
    const random = this.#world.random;
    const { browser } = tab;
    if (browser.isAway && entry.principal !== null) this.foreign.push(`${entry.key} is sent for ${browser.present}`);
    this.#world.note(`${tab.name} sends ${entry.key} ${JSON.stringify(entry.writes)}`);
    let isAnswered = false;
    const answer = (reply: AttemptReply, ms: number) =>
      this.#world.at(this.#world.nowMs + ms, () => {
        if (isAnswered || !tab.isAlive) return;
        isAnswered = true;
        this.#world.note(`${tab.name} hears of ${entry.key}: ${JSON.stringify(reply)}`);
        answered(reply);
      });
    // Its connection breaks, or it waits no longer; what is under way may arrive all the same.
    const givesUpMs = this.#world.isFaulty(this.#world.faults.slow) ? random.between(50, 4_000) : 15_000;
    this.#world.at(this.#world.nowMs + givesUpMs, () => {
      if (!isAnswered) this.#world.hit("attempt given up before it arrived");
    });
    answer({ kind: "lost" }, givesUpMs);
    if (!browser.isOnline) {
      answer({ kind: "lost" }, random.between(1, 30));
      return;
    }
    const { day } = this.#world;
    // Something in between sends it again, since no answer came.
    const isRepeated = this.#world.isFaulty(this.#world.faults.repeat);
    if (isRepeated) this.#world.hit("request repeated");
    for (let copies = isRepeated ? 2 : 1, arrived = 0; copies > 0; copies--) {
      if (this.#world.isFaulty(this.#world.faults.drop)) {
        this.#world.hit("request lost");
        continue;
      }
      const ms = this.#world.isFaulty(this.#world.faults.slow)
        ? random.between(20, MAX_UNDER_WAY_MS)
        : random.between(20, 120);
      this.#world.at(this.#world.nowMs + ms, () => {
        if (day !== this.#world.day) return;
        const reply = this.#serve(browser, entry);
        if (isAnswered && reply.kind === "done") this.#world.hit("late attempt took place");
        arrived++;
        if (isRepeated && arrived < 2) return;
        if (this.#world.isFaulty(this.#world.faults.drop)) this.#world.hit("reply lost");
        else if (browser.isOnline) answer(reply, random.between(20, this.#world.isFaulty(0.1) ? 3_000 : 120));
      });
    }
  }

  #serve(browser: SimBrowser, entry: OutboxEntry): AttemptReply {
    const trouble = (status: number, code: string): AttemptReply => ({
      kind: "problem",
      status,
      isRetryable: status !== 401 && status !== 500,
      retryAfterMs: status === 429 ? 1000 : 0,
      problem: { status, code },
      positions: [],
    });
    if (!browser.isSignedIn) return trouble(401, "UNAUTHORIZED");
    if (this.#world.isFaulty(this.#world.faults.trouble)) {
      const isBusy = this.#world.random.chance(0.4);
      if (isBusy) this.#world.hit("too busy");
      if (isBusy || this.#world.random.chance(0.1)) return trouble(isBusy ? 429 : 500, "TROUBLE");
    }
    const before = this.#server.applied.length;
    const reply = this.#server.answer(browser.user, entry, {
      serverMs: this.#world.serverMs,
      nowMs: this.#world.nowMs,
    });
    if (this.#server.applied.length > before) this.#world.note(`${entry.key} takes place`);
    for (const partition of PARTITIONS) this.pump(partition);
    if (this.#world.isFaulty(this.#world.faults.trouble)) {
      this.#world.hit("outcome unknown");
      return trouble(503, "OUTCOME_UNKNOWN");
    }
    return reply;
  }

  read(tab: SimTab, write: RowWrite, answered: (present: PresentRow | null) => void): void {
    const { browser } = tab;
    const isLost = !browser.isOnline || !browser.isSignedIn || this.#world.isFaulty(this.#world.faults.drop);
    this.#world.at(this.#world.nowMs + this.#world.random.between(20, 200), () => {
      this.#server.settle(write.partition as PartitionName, this.#world.nowMs);
      this.pump(write.partition as PartitionName);
      const present = isLost ? null : this.#server.read(browser.user, write);
      this.#world.at(this.#world.nowMs + this.#world.random.between(20, 200), () => {
        if (tab.isAlive) answered(present);
      });
    });
  }

  connectLater(tab: SimTab, partition: PartitionName, afterMs: number): void {
    this.#world.at(this.#world.nowMs + afterMs + this.#world.random.between(20, 150), () => {
      if (!tab.isAlive) return;
      if (tab.isAsleep) {
        tab.whenRuns(() => this.connectLater(tab, partition, 0));
        return;
      }
      const session = tab.watcher.sessions.get(`t/app/${partition}` as ObjectName);
      if (!tab.browser.isOnline) {
        session?.closed(1006);
        return;
      }
      const id = this.#world.nextId();
      const connection: Connection = { id, tab, partition, isOpen: true, upAtMs: 0, downAtMs: 0 };
      this.#connections.push(connection);
      const scope = this.#server.scopes.get(tab.browser.present) ?? "*";
      const declared = this.#server.members === null ? {} : { declared: ["read" as const] };
      const rights: SocketRights = { notes: { table: "notes", scopes: [scope], ...declared } };
      this.#server.hosts
        .get(partition)
        ?.accept(
          id,
          { deliver: (text) => this.#sendDown(connection, text), closed: () => this.#drop(connection) },
          rights,
          tab.browser.present,
          this.#world.nowMs,
        );
      session?.opened();
    });
  }

  sendUp(tab: SimTab, partition: PartitionName, text: string): void {
    const connection = this.#connections.find((each) => each.tab === tab && each.partition === partition);
    if (connection === undefined) return;
    connection.upAtMs = Math.max(connection.upAtMs, this.#world.nowMs + this.#world.random.between(20, 150));
    this.#world.at(connection.upAtMs, () => {
      if (!connection.isOpen) return;
      this.#server.hosts.get(partition)?.receive(connection.id, text, this.#world.nowMs);
      this.pump(partition);
    });
  }

  #sendDown(connection: Connection, text: string): void {
    const ms = this.#world.isFaulty(0.05) ? this.#world.random.between(20, 4_000) : this.#world.random.between(20, 150);
    connection.downAtMs = Math.max(connection.downAtMs, this.#world.nowMs + ms);
    this.#world.at(connection.downAtMs, () => {
      if (!connection.isOpen || !connection.tab.isAlive) return;
      if (this.#world.isFaulty(this.#world.faults.socket)) this.#drop(connection);
      else connection.tab.receive(`t/app/${connection.partition}` as ObjectName, text);
    });
  }

  #drop(connection: Connection): void {
    if (!connection.isOpen) return;
    connection.isOpen = false;
    this.#connections = this.#connections.filter((each) => each !== connection);
    const { tab, partition, id } = connection;
    this.#world.at(this.#world.nowMs, () => this.#server.hosts.get(partition)?.gone(id, this.#world.nowMs));
    if (!tab.isAlive) return;
    tab.watcher.sessions.get(`t/app/${partition}` as ObjectName)?.closed(1006);
  }

  /** The object tells its sockets, in a turn of its own. */
  pump(partition: PartitionName): void {
    if (this.#isPumped.has(partition)) return;
    this.#isPumped.add(partition);
    this.#world.at(this.#world.nowMs + this.#world.random.between(0, 30), () => {
      this.#isPumped.delete(partition);
      const host = this.#server.hosts.get(partition);
      host?.wake(this.#world.nowMs);
      host?.advance(this.#world.nowMs);
      host?.flush(1e9);
      this.#tellMembers();
    });
  }

  pumpAll(): void {
    for (const partition of PARTITIONS) this.pump(partition);
    this.#tellMembers();
  }

  #isTelling = false;
  /** Questions about memberships, and news of them, on their way between objects. */
  #tellMembers(): void {
    const { members } = this.#server;
    if (this.#isTelling || members === null || members.isQuiet) return;
    this.#isTelling = true;
    this.#world.at(this.#world.nowMs + this.#world.random.between(1, 60), () => {
      this.#isTelling = false;
      members.step(this.#world.random, this.#world.nowMs, 0);
      this.pumpAll();
    });
  }
}
