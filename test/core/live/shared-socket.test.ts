/**
 * Tabs that share a socket, under a seeded scheduler: the very `SocketMux`, `TabPort`, `ClientSession` and `ClientPicture`, before the very
 * `LiveServer`. Messages between tabs are late, each pair's in order; tabs open, close and die at any moment, two lead for a while, sockets break.
 * Afterwards each tab shows what a fresh query shows.
 */

import { expect, test } from "vitest";
import type { RowId } from "../../../src/core/ids.ts";
import { ClientPicture } from "../../../src/core/live/client-picture.ts";
import { ClientSession } from "../../../src/core/live/client-session.ts";
import type { SocketMessage } from "../../../src/core/live/socket-message.ts";
import { SocketMux } from "../../../src/core/live/socket-mux.ts";
import { TabPort } from "../../../src/core/live/tab-port.ts";
import type { Row } from "../../../src/core/schema/table-spec.ts";
import { ModelObject } from "../../sim/live/model-object.ts";
import { SimHost } from "../../sim/live/sim-host.ts";
import { column, tableOf } from "../query/sample-table.ts";

const SPEC = tableOf(
  [column("id", "text", { primaryKey: true, notNull: true }), column("title", "text"), column("rank", "int")],
  { name: "tasks", group: "tasks" },
);
const v = 1;
const RUNS = Number(process.env.RUNS ?? 150);
const SEED = Number(process.env.SEED ?? 1);
const STEPS = 250;

function chanceOf(seed: number): () => number {
  let state = seed * 2654435761;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Counted, so that a run in which nothing happened is noticed. */
const happened = { sockets: 0, shared: 0, moved: 0, died: 0, broke: 0, resumed: 0, struck: 0 };

class World {
  readonly chance: () => number;
  readonly object = new ModelObject("t/app/tasks", [{ spec: SPEC }]);
  readonly server = new SimHost(this.object);
  readonly tabs: SimTab[] = [];
  /** By sender and receiver. */
  readonly wires = new Map<string, (() => void)[]>();
  sockets = 0;
  nowMs = 1_000_000;
  #count = 0;

  constructor(seed: number) {
    this.chance = chanceOf(seed);
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.chance() * list.length)];
  }

  name(): string {
    return `n${++this.#count}`;
  }

  later(wire: string, run: () => void): void {
    const queue = this.wires.get(wire) ?? [];
    queue.push(run);
    this.wires.set(wire, queue);
  }

  /** The next message of one wire. */
  deliver(): boolean {
    const wire = this.pick([...this.wires].filter(([, queue]) => queue.length > 0));
    wire?.[1].shift()?.();
    return wire !== undefined;
  }

  broadcast(from: SimTab, message: SocketMessage): void {
    for (const to of this.tabs)
      if (to !== from) this.later(`${from.name}>${to.name}`, () => !to.isDead && to.hear(structuredClone(message)));
  }

  write(): void {
    const id = `r${Math.floor(this.chance() * 8)}`;
    const row = this.chance() < 0.2 ? null : ({ id, title: this.name(), rank: Math.floor(this.chance() * 5) } as Row);
    this.server.wake(this.nowMs);
    this.object.commit([{ table: "tasks", id: id as RowId, row }]);
    this.server.advance(this.nowMs);
    this.server.flush(Number.POSITIVE_INFINITY);
  }
}

class SimTab {
  readonly name: string;
  readonly world: World;
  readonly picture: ClientPicture;
  readonly session: ClientSession;
  readonly filters = new Map<string, string | null>();
  isDead = false;
  isAsked = false;
  host: { readonly id: string; readonly mux: SocketMux; end: () => void; cut: () => void } | null = null;
  port: TabPort | null = null;
  portId = "";
  #turn = 0;

  constructor(world: World) {
    this.world = world;
    this.name = world.name();
    this.picture = new ClientPicture({
      consistency: "transaction",
      sync: (_object, question) => this.session.sync(question),
      idOf: (_watch, row) => row.id as string,
      shown: () => {},
      reopen: () => this.session.restart(),
    });
    this.session = new ClientSession({
      client: this.name,
      act: (action) => {
        if (action.kind === "send") this.port?.say(action.text);
        else if (action.kind === "connect") this.#connect();
        else this.drop(action.code);
      },
      tell: (event) => {
        if (event.kind === "replayed") happened.resumed++;
        this.picture.take(event);
      },
      sinceOf: (watch) => this.picture.sinceOf(watch),
      random: world.chance,
    });
  }

  watch(filter: string | null): void {
    const key = this.world.name();
    this.filters.set(key, filter);
    this.picture.add(key);
    this.session.watch(key, { resource: "tasks", ...(filter !== null && { filter }) });
  }

  unwatch(): void {
    const key = this.world.pick([...this.filters.keys()]);
    if (key === undefined || this.filters.size < 2) return;
    this.filters.delete(key);
    this.session.unwatch(key);
    this.picture.remove(key);
  }

  #connect(): void {
    const turn = ++this.#turn;
    this.world.later(`${this.name} itself`, () => {
      if (this.isDead || turn !== this.#turn) return;
      const id = this.world.name();
      this.portId = id;
      const isMine = () => this.portId === id && !this.isDead;
      const port = new TabPort({
        port: id,
        tab: this.name,
        url: "url",
        post: (message) => this.post(message),
        opened: () => isMine() && this.session.opened(),
        tell: (text) => {
          if (!isMine()) return;
          if (text === "pong") this.isAsked = false;
          else this.session.receive(text);
        },
        closed: (code) => {
          if (!isMine()) return;
          this.portId = "";
          this.session.closed(code);
        },
        alone: () => {},
      });
      this.port = port;
      port.ask();
    });
  }

  /** The question whether the socket lives, which nobody answered. */
  ping(): void {
    this.isAsked = true;
    this.port?.say("ping");
  }

  /** As a link does it: the session hears of it afterwards. */
  drop(code: number): void {
    this.port?.end();
    this.portId = "";
    const turn = this.#turn;
    this.world.later(`${this.name} itself`, () => turn === this.#turn && !this.isDead && this.session.closed(code));
  }

  post(message: SocketMessage): void {
    if (this.host === null) this.world.broadcast(this, message);
    else this.hostHears(message);
  }

  hear(message: SocketMessage): void {
    this.port?.hear(message);
    this.hostHears(message);
  }

  lead(): void {
    if (this.host !== null || this.isDead) return;
    const { world } = this;
    const host = world.name();
    let socket = 0;
    const toPort = (message: SocketMessage) => {
      if ("port" in message && message.port === this.portId) this.port?.hear(message);
      else world.broadcast(this, message);
    };
    const close = () => {
      const id = socket;
      socket = 0;
      if (id !== 0) world.server.gone(id, world.nowMs);
    };
    const lost = (id: number, code: number) => {
      if (id !== socket) return;
      socket = 0;
      mux.closed(code);
    };
    const mux = new SocketMux({
      open: () => {
        const id = ++world.sockets;
        socket = id;
        happened.sockets++;
        const wire = `${this.name} from server`;
        world.later(wire, () => {
          if (id !== socket || this.isDead) return;
          const deliver = (text: string) => world.later(wire, () => id === socket && !this.isDead && mux.receive(text));
          const closed = (code: number) => world.later(wire, () => lost(id, code));
          world.server.accept(
            id,
            { deliver, closed },
            { tasks: { table: "tasks", scopes: ["*"] } },
            "ann",
            world.nowMs,
          );
          mux.opened();
          world.server.flush(Number.POSITIVE_INFINITY);
        });
      },
      close,
      send: (text) => {
        const id = socket;
        world.later(`${this.name} to server`, () => {
          world.nowMs += 20;
          world.server.receive(id, text, world.nowMs);
          world.server.flush(Number.POSITIVE_INFINITY);
        });
      },
      opened: (port) => toPort({ v, type: "ready", host, port }),
      tell: (port, text) => toPort({ v, type: "told", host, port, text }),
      closed: (port, code, why) => {
        happened.struck++;
        toPort({ v, type: "closed", host, port, code, why });
      },
    });
    this.host = {
      id: host,
      mux,
      cut: close,
      end: () => {
        close();
        mux.closed(1001);
      },
    };
    const leads: SocketMessage = { v, type: "leads", host };
    world.broadcast(this, leads);
    this.port?.hear(leads);
  }

  /** The shell hands over, as when a client is closed while the page stays. */
  resign(): void {
    const { host } = this;
    if (host === null) return;
    this.host = null;
    host.end();
    happened.moved++;
  }

  hostHears(message: SocketMessage): void {
    if (this.host === null) return;
    const { id: host, mux } = this.host;
    if (message.type === "open") {
      const joined: SocketMessage = { v, type: "joined", host, port: message.port };
      if (message.port === this.portId) this.port?.hear(joined);
      else {
        happened.shared++;
        this.world.broadcast(this, joined);
      }
      mux.attach(message.port, message.url);
    } else if (message.type === "end") mux.detach(message.port);
    else if (message.type === "said" && message.host === host) {
      const { port } = message;
      if (message.text !== "ping") mux.fromPort(port, message.text);
      else {
        const told: SocketMessage = { v, type: "told", host, port, text: "pong" };
        if (port === this.portId) this.port?.hear(told);
        else this.world.broadcast(this, told);
      }
    }
  }

  /** Nothing more comes from it; whoever holds the socket for it is told by its lock. */
  die(): void {
    this.isDead = true;
    happened.died++;
    const { portId } = this;
    this.host?.cut();
    for (const tab of this.world.tabs)
      if (tab !== this) this.world.later("locks", () => tab.hostHears({ v, type: "end", port: portId }));
  }
}

function settle(world: World): void {
  for (let turn = 0; turn < 100_000; turn++) if (!world.deliver()) return;
  throw new Error("it does not come to rest");
}

function simulate(seed: number): void {
  const world = new World(seed);
  const alive = () => world.tabs.filter(({ isDead }) => !isDead);
  const elect = () => {
    if (!alive().some(({ host }) => host !== null)) world.pick(alive())?.lead();
  };
  const open = () => {
    const tab = new SimTab(world);
    world.tabs.push(tab);
    tab.watch(null);
  };
  for (let n = 0; n < 3; n++) open();
  for (let step = 0; step < STEPS; step++) {
    const roll = world.chance();
    const tab = world.pick(alive());
    if (roll < 0.2) world.write();
    else if (roll < 0.23) tab?.watch(world.pick([null, "rank==1", "rank=gt=2"]) ?? null);
    else if (roll < 0.25) tab?.unwatch();
    else if (roll < 0.26 && alive().length < 5) open();
    else if (roll < 0.27 && alive().length > 1) tab?.die();
    else if (roll < 0.28) tab?.resign();
    else if (roll < 0.285) tab?.lead();
    else if (roll < 0.295) tab?.session.restart();
    else if (roll < 0.3) {
      happened.broke++;
      world.server.crash(() => false);
    } else world.deliver();
    if (world.chance() < 0.1) elect();
  }
  // The lock has one holder in the end, and whoever is last to lead is heard last.
  settle(world);
  elect();
  settle(world);
  for (const tab of alive()) tab.ping();
  settle(world);
  for (const tab of alive()) if (tab.isAsked) tab.drop(1006);
  settle(world);
  world.write();
  settle(world);
  for (const tab of alive())
    for (const [key, filter] of tab.filters) {
      const shown = [...(tab.picture.viewOf(key)?.rows.values() ?? [])].map(({ row }) => row);
      const matches = (rank: unknown) =>
        filter === null || (filter === "rank==1" ? rank === 1 : typeof rank === "number" && rank > 2);
      const fresh = world.object.all("tasks", { kind: "all" }).flatMap(({ row }) => (matches(row.rank) ? [row] : []));
      const byId = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort();
      expect(byId(shown), `seed ${seed}, ${filter}`).toEqual(byId(fresh));
    }
  expect(world.server.defects).toEqual([]);
}

test("[O8] whatever happens to tabs that share a socket, each shows in the end what a fresh query shows", () => {
  for (let run = 0; run < RUNS; run++) simulate(SEED + run);
  for (const [what, times] of Object.entries(happened)) expect(times, what).toBeGreaterThan(RUNS / 10);
});
