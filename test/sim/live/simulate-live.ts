/**
 * One seeded run of the live part: objects that are written to, sleep, crash, prune and are restored; clients whose sockets break, lag,
 * lose, repeat and reorder frames; transactions over two objects. Judged after every step a client shows, and once all has come to rest.
 * Its lines are one run's.
 */

import type { ObjectName } from "../../../src/core/ids.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import type { WatchRequest } from "../../../src/core/live/client-session.ts";
import { LiveGroup } from "../../../src/core/live/live-group.ts";
import { queryText, underNothing, underScopes, watchTag } from "../../../src/core/live/live-query.ts";
import type { LiveCommit } from "../../../src/core/live/live-source.ts";
import { readQuestion } from "../../../src/core/live/read-watch.ts";
import type { SocketRights } from "../../../src/core/live/socket-state.ts";
import { CLOSE } from "../../../src/core/live/wire-schema.ts";
import type { Row } from "../../../src/core/schema/table-spec.ts";
import { type Random, seeded } from "../../crash/random.ts";
import { ModelObject, type Written } from "./model-object.ts";
import { SimHost } from "./sim-host.ts";
import { SimMembers } from "./sim-members.ts";
import { SimWatcher } from "./sim-watcher.ts";
import { MEMBERS, TASKS } from "./tasks-table.ts";

const TABLES = [{ spec: TASKS }, { spec: MEMBERS }];

/** What a run must have gone through, over many seeds. */
export const LIVE_INTERVALS = [
  "commit",
  "transaction",
  "crash before a commit is told",
  "crash with frames unsent",
  "sleep",
  "wake by a write",
  "socket lost",
  "frame lost",
  "frame repeated",
  "frames swapped",
  "pruned",
  "restored",
  "scope changed",
  "burst while stalled",
  "resumed",
  "reset",
  "purged",
  "snapshot waits",
  "membership changed here",
  "membership changed elsewhere",
  "dependent told",
  "scope told as a difference",
  "scope told with a commit",
  "withdrawn while its frame waits",
  "refused for good",
  "watch ended",
] as const;

export type LiveInterval = (typeof LIVE_INTERVALS)[number];

export interface LiveReport {
  readonly problems: readonly string[];
  readonly hits: ReadonlyMap<LiveInterval, number>;
  readonly compared: number;
  readonly trace: readonly string[];
}

interface Connection {
  readonly id: number;
  readonly watcher: SimWatcher;
  readonly object: ObjectName;
  up: string[];
  down: string[];
  isOpen: boolean;
}

interface Pending {
  readonly txid: string;
  readonly left: ObjectName[];
  readonly parts: readonly ObjectName[];
}

export function simulateLive(seed: number, options: { readonly isTraced?: boolean } = {}): LiveReport {
  const random = seeded(seed);
  // Drawn aside, so that the other runs stay what they were.
  const isMoving = seeded(seed ^ 0x5eed).chance(0.1);
  const run = new Run(random, { isMoving, isTraced: options.isTraced === true });
  run.go(random.between(60, 400));
  run.settle();
  return { problems: run.problems.slice(0, 5), hits: run.hits, compared: run.compared, trace: run.trace };
}

class Run {
  readonly problems: string[] = [];
  readonly hits = new Map<LiveInterval, number>();
  readonly trace: string[] = [];
  compared = 0;
  readonly #random: Random;
  readonly #isTraced: boolean;
  /** Memberships change all the time, transactions lie about, and sockets are refused for good until somebody asks again. */
  readonly #isMoving: boolean;
  readonly #hosts = new Map<ObjectName, SimHost>();
  readonly #watchers: SimWatcher[] = [];
  readonly #scopes = new Map<string, string>();
  #connections: Connection[] = [];
  #connecting: { readonly watcher: SimWatcher; readonly object: ObjectName }[] = [];
  #pending: Pending[] = [];
  /** Null: scopes are texts, and a change of them closes the socket. */
  readonly #members: SimMembers | null;
  #isTorn = false;
  #nowMs = 1_000_000;
  #next = 1;
  readonly #faults: {
    readonly drop: number;
    readonly lose: number;
    readonly crash: number;
    readonly restore: boolean;
    readonly stalls: boolean;
  };
  readonly #dirty = new Set<ObjectName>();

  constructor(random: Random, { isMoving, isTraced }: { readonly isMoving: boolean; readonly isTraced: boolean }) {
    this.#random = random;
    this.#isTraced = isTraced;
    this.#isMoving = isMoving;
    const isCalm = random.chance(isMoving ? 0.6 : 0.1);
    this.#faults = {
      drop: isCalm ? 0 : random.pick([0, 0.01, 0.05]),
      lose: isCalm ? 0 : random.pick([0, 0.05, 0.15]),
      crash: isCalm ? 0 : random.pick([0, 0.02, 0.06]),
      restore: random.chance(0.15),
      stalls: random.chance(0.2),
    };
    const names = ["t/app/a", "t/app/b", "t/app/c"].slice(0, isMoving ? 3 : random.between(1, 3)) as ObjectName[];
    this.#members = isMoving || random.chance(0.5) ? new SimMembers(random.pick(["here", "elsewhere"])) : null;
    const members = this.#members ?? new SimMembers("here");
    for (const name of names) this.#hosts.set(name, new SimHost(new ModelObject(name, TABLES, this.#epoch()), members));
    if (this.#members?.place === "elsewhere")
      for (let count = 0; count < 6; count++) members.write([members.draw(random)]);
    if (this.#members?.place === "here")
      for (const name of names)
        for (let count = 0; count < 6; count++) this.#host(name).object.commit([members.draw(random)]);
    for (let index = 0; index < random.between(1, 3); index++) this.#addWatcher(`c${index}`, names);
  }

  go(steps: number): void {
    for (let step = 0; step < steps && this.problems.length === 0; step++) this.#step();
  }

  /** No more faults: everything is delivered, and must then be equal. */
  settle(): void {
    for (const watcher of this.#watchers) {
      watcher.isStalled = false;
      // What stays refused holds up nothing else.
      if (this.#isMoving && this.#random.chance(0.5)) watcher.readmit();
    }
    // A frame that was lost is found missing by the next one, so there has to be one.
    for (const { watcher, object } of this.#connections) watcher.sessions.get(object)?.sync({ seq: 0 });
    for (let round = 0; round < 600 && this.problems.length === 0; round++) {
      this.#nowMs += 100;
      for (const pending of [...this.#pending]) this.#applyPart(pending);
      for (let count = 0; count < 20; count++) this.#members?.step(this.#random, this.#nowMs, 0);
      while (this.#connecting.length > 0) this.#connect(0);
      for (const host of this.#hosts.values()) {
        host.advance(this.#nowMs);
        host.flush(1e9);
      }
      let isQuiet = true;
      for (const connection of [...this.#connections]) {
        isQuiet = isQuiet && connection.up.length === 0 && connection.down.length === 0;
        for (let count = connection.down.length; count > 0; count--) this.#deliverDown(connection, 0);
        for (let count = Math.min(40, connection.up.length); count > 0; count--) this.#deliverUp(connection);
        if (!connection.isOpen) this.#drop(connection);
      }
      this.#nowMs += 1000;
      const isTold = this.#members?.isQuiet !== false;
      if (isQuiet && isTold && this.#connecting.length === 0 && this.#pending.length === 0) break;
    }
    if (this.problems.length > 0) return;
    for (const host of this.#hosts.values())
      for (const error of host.defects) this.problems.push(`defect: ${error instanceof Error ? error.stack : error}`);
    for (const watcher of this.#watchers) {
      if (watcher.picture.isWaiting) this.problems.push(`${watcher.name} still waits`);
      for (const [key, { object }] of watcher.requests)
        this.#compare(watcher, key, this.#host(object).object.head(), "at the end");
    }
  }

  #step(): void {
    const random = this.#random;
    if (random.chance(0.3)) while (this.#connecting.length > 0) this.#connect(0);
    this.#nowMs += random.chance(0.02) ? random.between(1000, 40_000) : random.between(1, 200);
    const name = random.pick([...this.#hosts.keys()]);
    const host = this.#host(name);
    const roll = random.next();
    if (roll < 0.22) this.#write(name);
    else if (roll < 0.27) this.#transact();
    else if (roll < 0.34 && this.#pending.length > 0) this.#applyPart(random.pick(this.#pending));
    else if (roll < 0.46) {
      host.advance(this.#nowMs);
      this.#dirty.delete(name);
    } else if (roll < 0.6) host.flush(random.chance(0.7) ? 1e9 : random.between(1, 3));
    else if (roll < 0.75 && this.#connections.length > 0) {
      const connection = random.pick(this.#connections);
      for (let count = random.between(1, 4); count > 0; count--) this.#deliverUp(connection);
    } else if (roll < 0.93 && this.#connections.length > 0) {
      const connection = random.pick(this.#connections);
      for (let count = random.between(1, 4); count > 0; count--) this.#deliverDown(connection, this.#faults.lose);
    } else if (roll < 0.975 && this.#connecting.length > 0)
      this.#connect(random.between(0, this.#connecting.length - 1));
    else if (roll < 0.98) this.#changeWatches();
    else this.#rare(host, name);
    if (this.#isMoving) this.#move(host, name);
    if (this.#members !== null && random.chance(0.03)) this.#changeMembers(host, name);
    if (this.#members !== null && random.chance(0.2)) {
      if (this.#members.step(random, this.#nowMs, this.#faults.lose)) this.#hit("dependent told");
      this.problems.push(...this.#members.problems);
    }
    if (random.chance(this.#faults.crash)) this.#crash(host, name);
    if (random.chance(this.#faults.drop) && this.#connections.length > 0) {
      this.#hit("socket lost");
      this.#drop(random.pick(this.#connections));
    }
    if (random.chance(0.05) && host.isAwake && host.hibernate()) this.#hit("sleep");
  }

  #move(host: SimHost, name: ObjectName): void {
    const random = this.#random;
    if (random.chance(0.15)) this.#changeMembers(host, name);
    if (random.chance(0.1)) this.#transact();
    if (random.chance(0.05)) random.pick(this.#watchers).readmit();
    if (!random.chance(0.01) || this.#connections.length === 0) return;
    const connection = random.pick(this.#connections);
    this.#hit("refused for good");
    connection.watcher.refuse(connection.object);
    this.#drop(connection, CLOSE.forbidden);
  }

  #rare(host: SimHost, name: ObjectName): void {
    const random = this.#random;
    const what = random.between(0, 3);
    if (what === 0) {
      const { object } = host;
      const floor = object.head() - random.between(0, 6);
      if (floor > object.floor && !this.#dirty.has(name)) {
        object.prune(floor);
        this.#hit("pruned");
      }
    } else if (what === 1 && this.#faults.restore) {
      this.#hit("restored");
      this.#isTorn = true;
      const wasClean = host.isClean;
      host.crash(() => wasClean);
      host.object.restore(Math.max(0, host.object.head() - random.between(0, 5)), this.#epoch());
    } else if (what === 2) {
      const watcher = random.pick(this.#watchers);
      this.#hit("scope changed");
      this.#scopes.set(watcher.name, this.#drawScope());
      for (const connection of [...this.#connections]) if (connection.watcher === watcher) this.#drop(connection);
    } else if (this.#faults.stalls) {
      const watcher = random.pick(this.#watchers);
      watcher.isStalled = !watcher.isStalled;
      if (!watcher.isStalled) return;
      this.#hit("burst while stalled");
      for (let count = random.pick([40, 300, 1100]); count > 0; count--) {
        this.#write(name);
        if (random.chance(0.5)) host.advance(this.#nowMs);
        if (random.chance(0.3)) host.flush(1e9);
      }
    }
  }

  #write(name: ObjectName): void {
    const host = this.#host(name);
    const wasAsleep = !host.isAwake && host.sockets > 0;
    host.wake(this.#nowMs);
    if (wasAsleep) this.#hit("wake by a write");
    const written = Array.from({ length: this.#random.between(1, 3) }, () => this.#drawWrite());
    const actor = this.#random.pick(["c0", "c1", null]);
    if (host.object.commit(written, { actor, at: this.#nowMs }) === null) return;
    this.#hit("commit");
    this.#dirty.add(name);
    this.#note(`${name} commits ${host.object.head()}`);
  }

  /** Some memberships, with or without tasks in the same commit. */
  #changeMembers(host: SimHost, name: ObjectName): void {
    const members = this.#members;
    const random = this.#random;
    if (members === null) return;
    const written = Array.from({ length: random.between(1, 2) }, () => members.draw(random));
    if (members.place === "elsewhere") {
      if (members.write(written)) this.#hit("membership changed elsewhere");
      return;
    }
    host.wake(this.#nowMs);
    if (random.chance(0.5)) written.push(this.#drawWrite());
    if (host.object.commit(written, { actor: random.pick(["c0", null]), at: this.#nowMs }) === null) return;
    this.#hit("membership changed here");
    this.#dirty.add(name);
    this.#note(`${name} commits memberships at ${host.object.head()}: ${JSON.stringify(written)}`);
  }

  #transact(): void {
    const names = [...this.#hosts.keys()];
    if (names.length < 2) return;
    const random = this.#random;
    const from = random.pick(names);
    const to = random.pick(names.filter((name) => name !== from));
    const txid = `tx${this.#next++}`;
    for (const name of [from, to]) this.#host(name).object.prepare(txid);
    this.#pending.push({ txid, left: [from, to], parts: [from, to] });
    this.#hit("transaction");
  }

  #applyPart(pending: Pending): void {
    const name = this.#random.pick(pending.left);
    const host = this.#host(name);
    host.wake(this.#nowMs);
    pending.left.splice(pending.left.indexOf(name), 1);
    if (pending.left.length === 0) this.#pending = this.#pending.filter((each) => each !== pending);
    host.object.commit([this.#drawWrite()], { txid: pending.txid, parts: pending.parts, at: this.#nowMs });
    this.#dirty.add(name);
    this.#note(`${name} applies ${pending.txid} at ${host.object.head()}`);
  }

  #crash(host: SimHost, name: ObjectName): void {
    if (!host.isAwake) return;
    if (this.#dirty.has(name)) this.#hit("crash before a commit is told");
    if (!host.isIdle) this.#hit("crash with frames unsent");
    this.#note(`${name} crashes`);
    // Sockets outlive their object only where it was asleep, or might have been: what is sent is remembered with it.
    const doSurvive = this.#random.chance(0.6) && host.isClean;
    host.crash(() => doSurvive);
  }

  #addWatcher(name: string, names: readonly ObjectName[]): void {
    const random = this.#random;
    this.#scopes.set(name, this.#drawScope());
    const consistency = this.#isMoving || random.chance(0.8) ? "transaction" : "object";
    const watcher: SimWatcher = new SimWatcher(name, consistency, names, {
      connect: (object) => void this.#connecting.push({ watcher, object }),
      send: (object, text) => this.#connectionOf(watcher, object)?.up.push(text),
      close: (object) => {
        const connection = this.#connectionOf(watcher, object);
        if (connection !== undefined) connection.isOpen = false;
      },
      random: () => random.next(),
      shown: () => this.#judge(watcher),
      ended: () => this.#hit("watch ended"),
      withdrawn: () => this.#hit("withdrawn while its frame waits"),
    });
    this.#watchers.push(watcher);
    for (const object of names)
      for (let count = random.between(0, 3); count > 0; count--)
        watcher.watch(`w${this.#next++}`, object, this.#drawRequest());
  }

  #changeWatches(): void {
    const random = this.#random;
    const watcher = random.pick(this.#watchers);
    const keys = [...watcher.requests.keys()];
    if (keys.length > 0 && random.chance(0.4)) watcher.unwatch(random.pick(keys));
    else watcher.watch(`w${this.#next++}`, random.pick([...this.#hosts.keys()]), this.#drawRequest());
  }

  #connect(index: number): void {
    const [next] = this.#connecting.splice(index, 1);
    if (next === undefined) return;
    const { watcher, object } = next;
    const id = this.#next++;
    const connection: Connection = { id, watcher, object, up: [], down: [], isOpen: true };
    this.#connections.push(connection);
    const scopes =
      this.#members === null
        ? { scopes: [this.#scopes.get(watcher.name) ?? "*"] }
        : { scopes: [], declared: ["read"] as const };
    const rights: SocketRights = { tasks: { table: "tasks", ...scopes } };
    const socket = {
      deliver: (text: string) => void connection.down.push(text),
      closed: () => {
        connection.isOpen = false;
      },
    };
    this.#host(object).accept(id, socket, rights, watcher.name, this.#nowMs);
    watcher.sessions.get(object)?.opened();
  }

  /** Both ends learn of it; what was under way is lost. */
  #drop(connection: Connection, code = 1006): void {
    if (!this.#connections.includes(connection)) return;
    this.#connections = this.#connections.filter((each) => each !== connection);
    this.#host(connection.object).gone(connection.id, this.#nowMs);
    connection.watcher.sessions.get(connection.object)?.closed(code);
  }

  #deliverUp(connection: Connection): void {
    const text = connection.up.shift();
    if (text !== undefined) this.#host(connection.object).receive(connection.id, text, this.#nowMs);
  }

  #deliverDown(connection: Connection, lose: number): void {
    const random = this.#random;
    if (connection.watcher.isStalled || !this.#connections.includes(connection)) return;
    const [text, after] = connection.down;
    if (text === undefined) {
      if (!connection.isOpen) this.#drop(connection);
      return;
    }
    // An answer moves no position, so nothing would tell that it is missing: sockets do not lose frames, this only tries the proof.
    const isLosable = (each: string | undefined) =>
      each !== undefined && /^\{"type":"(commit","obj":"1","prev|at")/.test(each) && !each.includes('"txSeq"');
    // Nor would anything tell that a change of scope is missing, where no commit came with it.
    const movesNothing = (each: string | undefined) => each !== undefined && /"prev":(\d+),"seq":\1,/.test(each);
    if (isLosable(text) && random.chance(lose)) {
      const how = movesNothing(text) || movesNothing(after) ? null : random.between(0, 2);
      if (how === 0) {
        connection.down.shift();
        this.#hit("frame lost");
        return;
      }
      if (how === 1) {
        connection.down.unshift(text);
        this.#hit("frame repeated");
      } else if (how === 2 && isLosable(after)) {
        connection.down.splice(0, 2, after as string, text);
        this.#hit("frames swapped");
      }
    }
    const next = connection.down.shift() as string;
    const kind = /^\{"type":"([a-z]+)"/.exec(next)?.[1] ?? "";
    if (kind === "resumed") this.#hit("resumed");
    if (kind === "commit" && /"prev":(\d+),"seq":\1,/.test(next) && next.includes('"tag"'))
      this.#hit("scope told as a difference");
    else if (kind === "commit" && next.includes('"tag"')) this.#hit("scope told with a commit");
    if (kind === "reset") this.#hit(next.includes('"purge":true') ? "purged" : "reset");
    this.#note(`${connection.watcher.name} <- ${connection.object}: ${next.slice(0, 140)}`);
    connection.watcher.sessions.get(connection.object)?.receive(next);
    this.#judgePhantoms(connection.watcher);
  }

  #judgePhantoms(watcher: SimWatcher): void {
    for (const phantom of watcher.phantoms())
      this.problems.push(`${watcher.name} still shows ${phantom}, which was withdrawn`);
  }

  /** After a step that changed what a client shows. */
  #judge(watcher: SimWatcher): void {
    this.#judgePhantoms(watcher);
    if (watcher.picture.isWaiting) this.#hit("snapshot waits");
    for (const [key, { object, request }] of watcher.requests) {
      if (request.limit !== undefined || request.aggregate !== undefined) continue;
      const since = watcher.picture.sinceOf(key);
      if (since === null || watcher.isWithdrawn(key)) continue;
      if (!since.startsWith(this.#host(object).object.epoch)) continue;
      this.#compare(watcher, key, watcher.picture.shownSeq(object) ?? 0, "when shown");
    }
    if (watcher.consistency === "transaction" && !this.#isTorn) this.#checkWhole(watcher);
  }

  #checkWhole(watcher: SimWatcher): void {
    const shown = new Map<ObjectName, number>();
    for (const [key, { object }] of watcher.requests)
      if (watcher.picture.viewOf(key) !== null) shown.set(object, watcher.picture.shownSeq(object) ?? 0);
    const groups = new Map<ObjectName, LiveGroup[]>();
    for (const [key, { object }] of watcher.requests) {
      const group = this.#shownGroup(watcher, key);
      if (group !== null) groups.set(object, [...(groups.get(object) ?? []), group]);
    }
    const isSeen = (name: ObjectName, commit: LiveCommit) =>
      groups.get(name)?.some((group) => group.touches(commit.changes)) === true;
    for (const [name, seq] of shown) {
      for (const commit of this.#host(name).object.log) {
        const { txid, parts, seq: at } = commit;
        if (txid === null || at > seq || !isSeen(name, commit)) continue;
        for (const part of parts ?? []) {
          const other = shown.get(part);
          const there = this.#host(part).object.log.find((each) => each.txid === txid);
          if (other === undefined || (there !== undefined && (there.seq <= other || !isSeen(part, there)))) continue;
          const place = there === undefined ? "" : ` (${there.seq} > ${other})`;
          this.problems.push(`${watcher.name} shows ${txid} of ${name} (${at} ≤ ${seq}) without ${part}${place}`);
        }
      }
    }
  }

  /** What a watch shows: under the scope of now, or that of its position where it has not been told yet of a change; null: no list of rows. */
  #shownGroup(watcher: SimWatcher, key: string): LiveGroup | null {
    const { object: name, request } = watcher.requests.get(key) ?? {};
    const since = watcher.picture.sinceOf(key);
    if (name === undefined || request === undefined || since === null) return null;
    if (request.limit !== undefined || request.aggregate !== undefined) return null;
    const now = this.#host(name).object;
    const under = (at: ModelObject) => {
      const group = this.#groupOf(watcher, request, now, this.#scopeOf(watcher, at));
      return since.endsWith(this.#tagOf(watcher, group, at)) ? group : null;
    };
    if (this.#members?.place !== "here") return under(now);
    return under(now) ?? under(this.#past(name, watcher.picture.shownSeq(name) ?? 0));
  }

  #groupOf(
    watcher: SimWatcher,
    request: WatchRequest,
    object: ModelObject,
    scope = this.#scopeOf(watcher, object),
  ): LiveGroup {
    const table = { spec: TASKS };
    const question = readQuestion({ type: "watch", id: 0, ...request }, { table });
    const query = underScopes(question, table, [scope]) ?? underNothing(question, table);
    return new LiveGroup(0, queryText(query), query, table, object);
  }

  #tagOf(watcher: SimWatcher, group: LiveGroup, object: ModelObject): string {
    const members = this.#members;
    if (members === null) return group.tag;
    return watchTag(group.tag, members.setIn(members.place === "here" ? object : members.object, watcher.name));
  }

  /** As it is where the object is as given: now, or at a past seq. */
  #scopeOf(watcher: SimWatcher, object: ModelObject): string {
    const members = this.#members;
    if (members === null) return this.#scopes.get(watcher.name) ?? "*";
    return members.scopeIn(members.place === "here" ? object : members.object, watcher.name);
  }

  #compare(watcher: SimWatcher, key: string, seq: number, when: string): void {
    const held = watcher.requests.get(key);
    const view = watcher.picture.viewOf(key);
    if (held === undefined) return;
    this.compared++;
    if (view === null) {
      if (when === "at the end") this.problems.push(`${watcher.name} ${key} shows nothing ${when}`);
      return;
    }
    const past = this.#past(held.object, seq);
    // Who comes back is told what was missed under the memberships of now; rows that were in reach only meanwhile are left out ([SS6]).
    const now = this.#host(held.object).object;
    const isResumed =
      this.#members?.place === "here" &&
      watcher.picture.sinceOf(key)?.endsWith(this.#tagOf(watcher, this.#groupOf(watcher, held.request, now), now)) ===
        true;
    const scope = this.#scopeOf(watcher, isResumed ? now : past);
    const group = this.#groupOf(watcher, held.request, past, scope);
    // A scope that changed is noticed when the client comes back; until then it shows what it was told under the old one.
    const since = watcher.picture.sinceOf(key);
    const isFollowed = this.#members?.place === "here";
    if (when === "when shown" && !isFollowed && since?.endsWith(this.#tagOf(watcher, group, past)) !== true) return;
    const opened = group.open();
    const place = `${watcher.name} ${key} of ${held.object} ${JSON.stringify(held.request)} under ${scope} ${when} at ${seq}`;
    if ("aggregate" in opened) {
      if (JSON.stringify(view.aggregate) !== opened.aggregate)
        this.problems.push(`${place}: ${JSON.stringify(view.aggregate)} is not ${opened.aggregate}`);
      return;
    }
    const wanted = opened.rows.map((row) => group.showRow(row)).sort();
    const shown = [...view.rows.values()].map((row) => JSON.stringify(row)).sort();
    if (JSON.stringify(wanted) !== JSON.stringify(shown)) this.problems.push(`${place}: ${shown} is not ${wanted}`);
    if (opened.hasMore !== undefined && view.hasMore !== opened.hasMore)
      this.problems.push(`${place}: hasMore is ${view.hasMore}`);
  }

  /** The object as it was at a seq. */
  #past(name: ObjectName, seq: number): ModelObject {
    const { object } = this.#host(name);
    const past = new ModelObject(name, TABLES, object.epoch);
    for (const { changes, ...more } of object.log.slice(0, seq))
      past.commit(
        changes.map(({ table, id, after }) => ({ table, id, row: after })),
        { txid: more.txid ?? `empty${more.seq}`, at: more.at },
      );
    return past;
  }

  #drawWrite(): Written {
    const random = this.#random;
    const id = `r${random.between(0, 9)}`;
    if (random.chance(0.2)) return { table: "tasks", id, row: null };
    const row: Row = {
      id,
      owner: random.pick(["ann", "bob", null]),
      list: random.pick(["x", "y"]),
      points: random.pick([null, 1, 2, 3, 5, 8]),
      secret: `s${random.between(0, 3)}`,
      deletedAt: random.chance(0.1) ? "2026-01-01T00:00:00.000Z" : null,
    };
    return { table: "tasks", id, row };
  }

  #drawScope(): string {
    return this.#random.pick(["*", "*", 'owner=="ann"', 'owner=="bob"', 'secret=="s1",owner=="ann"']);
  }

  #drawRequest(): WatchRequest {
    const random = this.#random;
    const filter = random.pick([
      "",
      'list=="x"',
      'list=="y"',
      "points>2",
      'list=="x";points=between=[1,3]',
      'owner!="bob"',
      'list=="x",points==8',
    ]);
    const base = { resource: "tasks", ...(filter === "" ? {} : { filter }) };
    if (random.chance(0.2))
      return {
        ...base,
        limit: random.between(1, 4),
        orderBy: random.pick(["points", "-points,list", "id", "list,-id"]),
      };
    if (random.chance(0.15)) {
      const aggregate = random.pick<JsonObject>([
        { count: true },
        { count: true, sum: "points", groupBy: "list" },
        { min: "points", max: "points", groupBy: "owner" },
      ]);
      return { ...base, aggregate };
    }
    return random.chance(0.2) ? { ...base, select: "id,list" } : base;
  }

  #connectionOf(watcher: SimWatcher, object: ObjectName): Connection | undefined {
    return this.#connections.find((each) => each.watcher === watcher && each.object === object);
  }

  #host(name: ObjectName): SimHost {
    return this.#hosts.get(name) as SimHost;
  }

  #epoch(): string {
    return Array.from({ length: 16 }, () => "abcdefghijklmnopqrstuvwxyz234567"[this.#random.between(0, 31)]).join("");
  }

  #hit(interval: LiveInterval): void {
    this.hits.set(interval, (this.hits.get(interval) ?? 0) + 1);
  }

  #note(text: string): void {
    if (this.#isTraced) this.trace.push(`${this.#nowMs} ${text}`);
  }
}
