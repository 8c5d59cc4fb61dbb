/**
 * One seeded run of the outbox: people with several tabs each, a server with the real rules, a network that loses, repeats and delays, times
 * without it, crashes of tabs and server between any two steps, clocks that jump, sign-ins that expire, rights that are withdrawn, refusals
 * that people decide about. Judged whenever a tab shows something, and once all has come to rest. Its lines are one run's.
 */

import type { RowId } from "../../../src/core/ids.ts";
import { canonicalJson, type JsonObject } from "../../../src/core/json.ts";
import type { Conflict, ConflictPolicy, Resolution } from "../../../src/core/offline/conflict.ts";
import { decide } from "../../../src/core/offline/decide.ts";
import { type EntryChange, NOBODY, type OutboxEntry, type RowWrite } from "../../../src/core/offline/outbox-entry.ts";
import { syncStatus } from "../../../src/core/offline/sync-status.ts";
import { SimMembers } from "../live/sim-members.ts";
import { FlickerJudge } from "./flicker-judge.ts";
import { judgeEnd } from "./judge-end.ts";
import { ModelServer, PARTITIONS, type PartitionName } from "./model-server.ts";
import { layOver } from "./naive-lay-over.ts";
import type { OfflineInterval } from "./offline-intervals.ts";
import { SimBrowser } from "./sim-browser.ts";
import { SimNetwork } from "./sim-network.ts";
import { SimTab } from "./sim-tab.ts";
import { SimWorld } from "./sim-world.ts";

export interface OfflineReport {
  readonly problems: readonly string[];
  readonly hits: ReadonlyMap<OfflineInterval, number>;
  readonly count: number;
  readonly trace: readonly string[];
}

export function simulateOffline(seed: number, options: { readonly isTraced?: boolean } = {}): OfflineReport {
  const world = new SimWorld(seed, options.isTraced === true);
  const run = new Run(world);
  run.go();
  return { problems: run.problems.slice(0, 5), hits: world.hits, count: run.count, trace: world.trace };
}

/** Longest that anything is under way; below the life of an attempt. */
const _MAX_UNDER_WAY_MS = 9_000;
const SPAN_MS = 60_000;
const LISTS = ["x", "y"] as const;

class Run {
  readonly problems: string[] = [];
  readonly #world: SimWorld;
  readonly #network: SimNetwork;
  readonly #server: ModelServer;
  readonly #browsers: SimBrowser[] = [];
  readonly #judges = new Map<SimTab, FlickerJudge>();
  /** The browser and the last known state of every entry that was stored; null: given up by its owner. */
  readonly #written = new Map<string, OutboxEntry | null>();
  readonly #writer = new Map<string, string>();
  readonly #policy: ConflictPolicy;
  readonly #tellsOfSilence: boolean;

  constructor(world: SimWorld) {
    this.#world = world;
    const { random } = world;
    this.#policy = random.pick(["server-wins", "client-wins", "merge", mergeByHand]);
    this.#server = new ModelServer(
      ["a".repeat(16), "b".repeat(16)],
      () => (random.chance(0.5) ? (name, isLate) => this.#settleLater(name, isLate) : null),
      world.stories.chance(0.3) ? new SimMembers(world.stories.pick(["here", "elsewhere"])) : null,
    );
    if (this.#server.members !== null)
      for (const user of ["ann", "bob", "eve"])
        for (const list of LISTS) this.#server.changeMember(user, list, "joins");
    this.#network = new SimNetwork(world, this.#server);
    this.#tellsOfSilence = world.stories.chance(0.25);
    for (const user of ["ann", "bob"].slice(0, random.between(1, 2))) {
      const browser = new SimBrowser(user);
      this.#server.scopes.set("eve", random.pick(["*", `owner=="${user}"`]));
      if (random.chance(0.4)) this.#shared.add(browser);
      browser.skewMs = random.chance(0.3) ? random.between(-300_000, 300_000) : 0;
      this.#browsers.push(browser);
      for (let count = random.between(1, 3); count > 0; count--) this.#openTab(browser);
    }
    for (const partition of PARTITIONS)
      for (let index = random.between(0, 2); index > 0; index--) this.#meddle(partition);
  }

  get count(): number {
    return [...this.#judges.values()].reduce((sum, { compared }) => sum + compared, 0);
  }

  go(): void {
    const isOver = () => this.problems.length > 0;
    const random = this.#world.random;
    for (let count = random.between(20, 90); count > 0; count--)
      this.#world.at(random.between(0, SPAN_MS), () => this.#happen());
    const { stories } = this.#world;
    if (this.#server.members !== null)
      for (let count = stories.between(2, 6); count > 0; count--)
        this.#world.at(stories.between(0, SPAN_MS), () => this.#changeMember(random.pick(this.#browsers)));
    if (this.#tellsOfSilence)
      for (let count = stories.between(1, 2); count > 0; count--)
        this.#world.at(stories.between(0, SPAN_MS / 2), () => this.#silence(random.pick(this.#browsers)));
    this.#world.runUntil(SPAN_MS, isOver);
    if (isOver()) return;
    this.#calm();
    // Longer than any wait: an attempt in doubt, the pause of a sign-in, the longest backoff.
    this.#world.runUntil(SPAN_MS + 400_000, isOver);
    if (this.problems.length === 0) this.#judge();
  }

  #happen(): void {
    const random = this.#world.random;
    const browser = random.pick(this.#browsers);
    const roll = random.next();
    if (roll < 0.5) this.#write(browser);
    else if (roll < 0.62) this.#meddle(random.pick(PARTITIONS));
    else if (roll < 0.7) this.#goOffline(browser);
    else if (roll < 0.76) this.#crashTab(browser);
    else if (roll < 0.8) this.#openTab(browser);
    else if (roll < 0.84) this.#crashServer(random.pick(PARTITIONS));
    else if (roll < 0.88) this.#expire(browser);
    else if (roll < 0.91) this.#jump(browser);
    else if (roll < 0.92) this.#passDay();
    else if (roll < 0.935) this.#changeScope(browser);
    else if (roll < 0.955) this.#close(random.pick(PARTITIONS));
    else if (roll < 0.965) this.#restore(random.pick(PARTITIONS));
    else if (roll < 0.977) this.#switchUser(browser);
    else if (roll < 0.983) this.#signTabOut(browser);
    else this.#decide(browser);
  }

  #calm(): void {
    this.#world.isCalm = true;
    this.#server.closed.clear();
    for (const browser of this.#browsers) {
      if (browser.tabs.every(({ isAlive }) => !isAlive)) this.#openTab(browser);
      this.#comeOnline(browser);
      browser.isSignedIn = true;
      for (const tab of this.#tabsOf(browser)) this.#wake(tab);
      this.#comeBack(browser);
      // One tab is enough, and it need not be the one that leads.
      const tabs = this.#tabsOf(browser);
      const present = tabs.filter(({ principal }) => principal === browser.user);
      for (const tab of present.length === 0 ? tabs.slice(-1) : present) tab.signedIn(browser.user);
    }
  }

  #judge(): void {
    this.problems.push(...this.#network.foreign);
    for (const host of this.#server.hosts.values())
      for (const error of host.defects) this.problems.push(`defect: ${error instanceof Error ? error.stack : error}`);
    for (const browser of this.#browsers) {
      const written = new Map([...this.#written].filter(([key]) => this.#writer.get(key) === browser.user));
      this.problems.push(
        ...judgeEnd({
          browser,
          written,
          applied: this.#server.applied,
          uncertain: this.#uncertain,
          lost: this.#server.lost,
        }),
      );
      this.#checkWithdrawn(browser);
      for (const tab of this.#tabsOf(browser)) {
        for (const partition of PARTITIONS) this.#compare(tab, partition);
        const { acknowledged } = tab.store.overlaid;
        if (acknowledged > 0) this.problems.push(`${tab.name} still waits for ${acknowledged} writes`);
        if (tab.outbox !== null) this.#checkStatus(tab);
      }
    }
  }

  /** Nothing of a row that is not theirs to see any more: not of its columns in what they wrote, nor among the rows that are kept. */
  #checkWithdrawn(browser: SimBrowser): void {
    for (const { key, state, writes } of browser.all())
      for (const [index, write] of writes.entries()) {
        if (!this.#server.isWithdrawn(browser.user, write)) continue;
        if (state.kind === "refused") this.#world.hit("write to a withdrawn row refused");
        const present = state.kind === "refused" && (state.problem.index ?? 0) === index ? state.present : null;
        const shown = Object.values({ ...write.base, ...present }).filter((value) => typeof value === "string");
        // What a person wrote, and later went on from, is their own.
        const isOwn = (value: string) => this.#writer.get(this.#values.get(value) ?? "") === browser.user;
        if (present != null || !shown.every(isOwn))
          this.problems.push(`${key} (${state.kind}) keeps what was shown of ${write.id}, which is withdrawn`);
      }
    // A tab that was gone before it heard of it could not know.
    for (const [partition, { rows, by }] of browser.kept)
      for (const { row, v } of by.isAlive ? rows : [])
        if (this.#server.isWithdrawn(browser.user, { table: "notes", partition, id: row.id as RowId }, v))
          this.problems.push(`${String(row.id)} is kept, which is withdrawn`);
  }

  #checkStatus(tab: SimTab): void {
    const outbox = tab.outbox;
    if (outbox === null) return;
    const status = syncStatus({
      entries: outbox.entries,
      isInFlight: (key) => outbox.isInFlight(key),
      principal: tab.browser.user,
      pause: outbox.pause,
      unread: tab.store.overlaid.acknowledged,
      canStore: true,
      isDurable: true,
    });
    const refused = tab.browser.all().filter(({ state }) => state.kind === "refused").length;
    if (status.heldUp > 0) this.#world.hit("held up behind a refused one");
    if (status.unsent !== status.heldUp || status.refused !== refused)
      this.problems.push(`${tab.name} says ${JSON.stringify(status)} with ${refused} refused`);
  }

  /** Rows of the server, and over them only what is held up behind a refused write. */
  #compare(tab: SimTab, partition: PartitionName): void {
    const shown = tab.watcher.picture.viewOf(partition);
    const wanted = this.#server.rowsOf(tab.browser.user, partition);
    const text = (rows: Iterable<unknown>) =>
      [...rows]
        .map((row) => canonicalJson(row as JsonObject))
        .sort()
        .join();
    const held = shown === null ? "nothing" : text([...shown.rows.values()].map(({ row }) => row));
    if (held !== text(wanted.values()))
      this.problems.push(`${tab.name} ${partition}: ${held} is not ${text(wanted.values())}`);
    const over = tab.store.writes(partition);
    const open = tab.browser.all().filter(({ state }) => state.kind === "queued" || state.kind === "sent");
    const inStorage = open.flatMap(({ writes }) => writes.filter((write) => write.partition === partition));
    if (over.length !== inStorage.length)
      this.problems.push(`${tab.name} ${partition} lays ${over.length} writes over, ${inStorage.length} are open`);
  }

  // What people do.

  #write(browser: SimBrowser): void {
    const random = this.#world.random;
    const tab = this.#pickTab(browser);
    if (tab === null || browser.isAway) return;
    const writes: RowWrite[] = [];
    for (let count = random.chance(0.15) ? 2 : 1; count > 0; count--) {
      const write = this.#drawWrite(tab, random.pick(PARTITIONS));
      if (write !== null && !writes.some(({ id }) => id === write.id)) writes.push(write);
    }
    if (writes.length === 0) return;
    if (writes.length > 1) this.#world.hit("transaction");
    const key = `k${this.#world.nextId()}`;
    this.#world.note(`${tab.name} writes ${key} ${JSON.stringify(writes)}`);
    this.#writer.set(key, browser.user);
    for (const { values } of writes) this.#ownValues(values, key);
    const principal = this.#shared.has(browser) || random.chance(0.5) ? browser.user : null;
    // Known to the judge from when it is shown; to be kept from when it is stored.
    const draft = { key, principal, madeAtMs: this.#world.serverMs + browser.skewMs, writes };
    const isStored = { place: Number.MAX_SAFE_INTEGER, rev: -1, state: { kind: "queued" } } as const;
    this.#drafts.set(key, { ...draft, ...isStored });
    tab.write(draft, () => this.#written.set(key, browser.entries.get(key) as OutboxEntry));
  }

  /** What was shown of rows that were withdrawn is soon in no entry any more, unless its tab is gone. */
  #checkPurge(tab: SimTab, partition: PartitionName): void {
    const { leader } = tab.browser;
    // By identity: what a later reading finds may be the same, and is this person's to see.
    const basesOf = () =>
      tab.browser
        .all()
        .filter(({ key }) => tab.wrote.has(key))
        .flatMap(({ writes }) => writes.flatMap(({ base, ...write }) => (write.partition === partition ? [base] : [])))
        .filter((base) => base !== null);
    const withdrawn = new Set(basesOf());
    if (withdrawn.size > 0) this.#world.hit("base withdrawn");
    this.#world.at(this.#world.nowMs + 500, () => {
      if (!tab.isAlive || tab.browser.leader !== leader || leader?.isAlive !== true) return;
      if (this.#tabsOf(tab.browser).some(({ isAsleep }) => isAsleep)) return;
      for (const held of basesOf())
        if (withdrawn.has(held)) this.problems.push(`${JSON.stringify(held)} is kept after it was withdrawn`);
    });
  }

  readonly #drafts = new Map<string, OutboxEntry>();
  readonly #values = new Map<string, string>();
  /** Entries that were refused once: a tab may hear of it after they have been tried again. */
  readonly #refused = new Set<string>();
  readonly #uncertain = new Set<string>();

  #ownValues(values: JsonObject, key: string): void {
    for (const value of Object.values(values)) if (typeof value === "string") this.#values.set(value, key);
  }

  #drawWrite(tab: SimTab, partition: PartitionName): RowWrite | null {
    const random = this.#world.random;
    const rows = tab.rows(partition);
    if (rows === null) return null;
    const ids = [...rows.keys()];
    const base = { table: "notes", partition } as const;
    if (ids.length === 0 || random.chance(0.3)) {
      const parents = PARTITIONS.flatMap((name) => [...(tab.rows(name)?.keys() ?? [])]);
      const parent = parents.length > 0 && random.chance(0.4) ? (random.pick(parents) as string) : null;
      const columns = { title: this.#value("title"), body: this.#value("body"), parent, ...this.#drawList() };
      const values = { owner: tab.browser.user, ...columns };
      return { ...base, op: "create", id: `n${this.#world.nextId()}`, values, base: null, tag: null };
    }
    const id = random.pick(ids);
    const row = rows.get(id) as JsonObject;
    const tag = random.chance(0.85) ? tab.tagOf(partition, id) : null;
    if (random.chance(0.15)) return { ...base, op: "delete", id, values: {}, base: null, tag };
    const columns = random.pick([["title"], ["body"], ["title", "body"]]);
    const values = Object.fromEntries(columns.map((column) => [column, this.#value(column)]));
    const shown = Object.fromEntries(columns.map((column) => [column, row[column] ?? null]));
    return { ...base, op: "update", id, values, base: shown, tag };
  }

  #value(column: string): string {
    return `${this.#world.random.chance(this.#world.faults.bad) ? "bad" : column}-${this.#world.nextId()}`;
  }

  #decide(browser: SimBrowser): void {
    const random = this.#world.random;
    const tab = this.#pickTab(browser);
    const refused = browser.all().filter(({ state }) => state.kind === "refused");
    if (tab === null || refused.length === 0 || browser.isAway) return;
    const entry = random.pick(refused);
    const roll = random.next();
    const edited = entry.writes.map((write) => ({ ...write, values: this.#mended(write.values, entry.key) }));
    const at = entry.state.kind === "refused" ? Number(entry.state.problem.index ?? 0) : 0;
    const present = random.chance(0.5) ? this.#server.read(browser.user, entry.writes[at] as RowWrite) : undefined;
    const change = decide(
      entry,
      roll < 0.3
        ? { kind: "retry", ...(present !== undefined && { onTop: present }) }
        : roll < 0.6
          ? { kind: "retry", writes: edited }
          : { kind: "discard" },
    );
    if (change === null) return;
    this.#world.hit(roll < 0.3 ? "retried" : roll < 0.6 ? "edited" : "discarded");
    this.#world.note(`${tab.name} decides about ${entry.key}: ${JSON.stringify(change.after?.writes ?? "discard")}`);
    tab.commit(change);
  }

  #mended(values: JsonObject, key: string): JsonObject {
    const mended = Object.fromEntries(
      Object.entries(values).map(([column, value]) => [
        column,
        column === "title" || column === "body" ? `${column}-${this.#world.nextId()}` : value,
      ]),
    );
    this.#ownValues(mended, key);
    return mended;
  }

  #meddle(partition: PartitionName): void {
    const random = this.#world.random;
    this.#server.settle(partition, this.#world.nowMs);
    const rows = [...this.#server.objectOf(partition).scan("notes", { kind: "all" })];
    const id = rows.length > 0 && random.chance(0.8) ? (random.pick(rows).id as RowId) : `n${this.#world.nextId()}`;
    const held = this.#server.objectOf(partition).find("notes", id)?.row;
    if (held !== undefined && random.chance(0.15)) {
      this.#server.meddle(partition, { table: "notes", id, row: null });
    } else {
      const column = random.pick(["title", "body"]);
      const fresh = { id, owner: random.pick(["ann", "bob"]), title: null, body: null, parent: null, list: null };
      const row = { ...fresh, ...(held ?? this.#drawList()), [column]: `${column}-${this.#world.nextId()}` };
      if (random.chance(0.1)) row.owner = random.pick(["ann", "bob"]);
      this.#server.meddle(partition, { table: "notes", id, row });
    }
    this.#world.note(`meddled with ${partition} ${id}`);
    this.#network.pump(partition);
  }

  // What befalls them.

  #goOffline(browser: SimBrowser): void {
    if (!browser.isOnline) return;
    this.#world.hit("offline");
    this.#world.note(`${browser.user} goes offline`);
    browser.isOnline = false;
    for (const tab of this.#tabsOf(browser)) {
      // Some platforms do not tell.
      if (this.#world.random.chance(0.7)) tab.whenRuns(() => tab.outbox?.connected(browser.isOnline));
      this.#network.breakWhere((each) => each.tab === tab);
    }
    this.#world.at(this.#world.nowMs + this.#world.random.pick([500, 5_000, 20_000]), () => this.#comeOnline(browser));
  }

  #comeOnline(browser: SimBrowser): void {
    this.#world.note(`${browser.user} is online`);
    browser.isOnline = true;
    for (const tab of this.#tabsOf(browser)) tab.whenRuns(() => tab.outbox?.connected(browser.isOnline));
  }

  #openTab(browser: SimBrowser): void {
    if (this.#tabsOf(browser).length > 3) return;
    this.#world.hit("tab opened");
    const elapsedFrom = this.#world.nowMs - this.#world.random.between(0, 1000);
    const tab: SimTab = new SimTab(`${browser.user}${this.#world.nextId()}`, browser, {
      soon: (run) => this.#world.at(this.#world.nowMs + this.#world.random.between(0, 12), run),
      after: (ms, run) => this.#world.at(this.#world.nowMs + ms, run),
      request: (from, entry, answered) => this.#network.request(from, entry, answered),
      read: (from, write, answered) => this.#network.read(from, write, answered),
      connect: (from, object, afterMs) => this.#network.connectLater(from, object.slice(-1) as PartitionName, afterMs),
      sendFrame: (from, object, text) => this.#network.sendUp(from, object.slice(-1) as PartitionName, text),
      close: (from, object) => {
        this.#network.breakWhere((each) => each.tab === from && object.endsWith(each.partition));
      },
      broadcast: (from, message) => {
        for (const other of this.#tabsOf(browser)) if (other !== from) this.#inOrder(other, () => other.hear(message));
      },
      renew: (from) =>
        this.#world.at(this.#world.nowMs + this.#world.random.between(100, 3000), () => {
          if (!from.isAlive || !browser.isOnline || (!this.#world.isCalm && this.#world.random.chance(0.3))) return;
          browser.isSignedIn = true;
          from.whenRuns(() => from.outbox?.signedIn(from.principal));
        }),
      shown: (from) => this.#look(from),
      // So that two think that they lead, while what one of them has sent is under way.
      stole: () => {
        const { stories } = this.#world;
        for (const each of this.#tabsOf(browser))
          if (stories.chance(0.6)) this.#world.at(this.#world.nowMs + stories.between(0, 600), () => this.#wake(each));
      },
      // So that a person decides about what is being changed for another reason.
      purged: (from, partition) => {
        this.#checkPurge(from, partition);
        for (let count = 3; count > 0; count--)
          this.#world.at(this.#world.nowMs + this.#world.random.between(0, 10), () => this.#decide(browser));
      },
      stored: (changes) => this.#stored(browser, changes),
      random: () => this.#world.random.next(),
      elapsedMs: () => this.#world.nowMs - elapsedFrom,
      nowMs: () => this.#world.serverMs + browser.skewMs,
      policy: this.#policy,
      doubts: this.#tellsOfSilence,
      hit: (interval) => this.#world.hit(interval),
    });
    browser.tabs.push(tab);
    this.#judges.set(tab, new FlickerJudge());
    browser.elect();
  }

  readonly #inboxMs = new Map<SimTab, number>();
  /** Messages between tabs keep their order, and are faster than any way to the server and back. */
  #inOrder(tab: SimTab, run: () => void): void {
    const atMs = Math.max(this.#inboxMs.get(tab) ?? 0, this.#world.nowMs + this.#world.random.between(1, 15));
    this.#inboxMs.set(tab, atMs);
    this.#world.at(atMs, run);
  }

  #crashTab(browser: SimBrowser): void {
    const tab = this.#pickTab(browser);
    if (tab === null) return;
    this.#world.hit("tab crashed");
    const { outbox } = tab;
    if (outbox?.entries.some(({ key }) => outbox.isInFlight(key)) === true) {
      this.#world.hit("leader crashed with a write under way");
      // So that the next leader's attempt may be refused before the one under way arrives.
      if (this.#world.random.chance(0.5)) this.#close(this.#world.random.pick(PARTITIONS));
    }
    this.#world.note(`${tab.name} crashes`);
    tab.isAlive = false;
    this.#judges.delete(tab);
    this.#network.breakWhere((each) => each.tab === tab);
    this.#world.at(this.#world.nowMs + this.#world.random.between(0, 50), () => browser.elect());
  }

  #crashServer(partition: PartitionName): void {
    this.#world.hit("server crashed");
    const host = this.#server.hosts.get(partition);
    const doSurvive = host?.isClean === true && this.#world.random.chance(0.5);
    host?.crash(() => doSurvive);
    if (!doSurvive) this.#network.breakWhere((each) => each.partition === partition);
  }

  #expire(browser: SimBrowser): void {
    this.#world.hit("sign-in expired");
    this.#world.note(`${browser.user}'s sign-in expires`);
    browser.isSignedIn = false;
  }

  #jump(browser: SimBrowser): void {
    this.#world.hit("clock jumped");
    browser.skewMs += this.#world.random.pick([-3_600_000, -1000, 1000, 3_600_000]);
    browser.skewMs = Math.max(-7_200_000, Math.min(7_200_000, browser.skewMs));
  }

  /** Writes are refused for a while: what is refused now would be done a little later. */
  #close(partition: PartitionName): void {
    this.#world.hit("closed for a while");
    this.#server.closed.add(partition);
    this.#world.at(this.#world.nowMs + this.#world.random.between(500, 5_000), () =>
      this.#server.closed.delete(partition),
    );
  }

  #passDay(): void {
    this.#world.hit("a day passed");
    this.#world.note("a day passes");
    this.#world.daysMs += 30 * 3_600_000;
    this.#world.day++;
  }

  /** Browsers whose people say who they are with each write, so that another may sit down there. */
  readonly #shared = new Set<SimBrowser>();

  #settleLater(name: PartitionName, isLate: () => boolean): void {
    this.#world.at(this.#world.nowMs + this.#world.random.between(20, 3_000), () => {
      if (!isLate()) return;
      this.#world.hit("transaction late in one object");
      this.#server.settle(name, this.#world.nowMs);
      this.#network.pump(name);
    });
  }

  #restore(partition: PartitionName): void {
    const commits = this.#world.random.pick([0, 0, 1, 3]);
    this.#world.hit("object restored");
    this.#world.note(`${partition} is restored without its last ${commits} commits`);
    this.#server.settle(partition, this.#world.nowMs);
    const host = this.#server.hosts.get(partition);
    const wasClean = host?.isClean === true;
    host?.crash(() => wasClean);
    if (!wasClean) this.#network.breakWhere((each) => each.partition === partition);
    const lost = this.#server.lost.size;
    this.#server.restore(partition, { commits, epoch: this.#epoch(partition) });
    if (this.#server.lost.size > lost) this.#world.hit("commits lost by a restore");
    this.#network.pump(partition);
  }

  /** Sixteen letters, another each time. */
  #epoch(partition: PartitionName): string {
    return String(this.#world.nextId())
      .replace(/\d/g, (digit) => "klmnopqrst".charAt(Number(digit)))
      .padStart(16, partition);
  }

  /** Signs out, and perhaps another person in, in all tabs; comes back later. */
  #switchUser(browser: SimBrowser): void {
    if (!this.#shared.has(browser) || browser.isAway) return;
    const present = this.#world.random.pick(["eve", "nobody"]);
    this.#world.hit(present === "eve" ? "another person for a while" : "signed out for a while");
    this.#change(browser, present);
    this.#world.at(this.#world.nowMs + this.#world.random.between(50, 15_000), () => this.#comeBack(browser));
  }

  /** For one tab alone nobody is there any more, for good: others may go on, or somebody signs in again in one of them. */
  #signTabOut(browser: SimBrowser): void {
    const tab = this.#world.random.chance(0.7) ? (browser.leader as SimTab | null) : this.#pickTab(browser);
    if (!this.#shared.has(browser) || browser.isAway || tab?.isAlive !== true) return;
    this.#world.hit("signed out in one tab");
    this.#world.note(`${tab.name} is signed out`);
    tab.signedIn(NOBODY);
    const other = this.#pickTab(browser);
    if (other !== null && this.#world.random.chance(0.5)) other.signedIn(browser.user);
  }

  #comeBack(browser: SimBrowser): void {
    if (!browser.isAway) return;
    if (browser.all().some(({ state }) => state.kind === "queued" || state.kind === "sent"))
      this.#world.hit("came back to unsent writes");
    this.#change(browser, browser.user);
  }

  #change(browser: SimBrowser, present: string): void {
    this.#world.note(`${present} is there in ${browser.user}'s browser`);
    for (const tab of this.#tabsOf(browser)) for (const name of PARTITIONS) this.#judges.get(tab)?.forget(name);
    this.#network.breakWhere((each) => each.tab.browser === browser);
    browser.switchTo(present);
  }

  #changeScope(browser: SimBrowser): void {
    this.#world.hit("scope changed");
    const scope = this.#world.random.pick(["*", `owner=="${browser.user}"`]);
    this.#server.scopes.set(browser.user, scope);
    this.#world.note(`${browser.user}'s scope is ${scope}`);
    this.#network.breakWhere((each) => each.tab.browser === browser);
  }

  /** The tab that leads is stopped in the middle of its work, perhaps for longer than the others wait for it; it wakes and thinks that it still leads. */
  #silence(browser: SimBrowser): void {
    if (this.#shared.has(browser)) return;
    const { stories } = this.#world;
    while (this.#tabsOf(browser).length < 2) this.#openTab(browser);
    const leader = browser.leader as SimTab | null;
    if (leader?.isAlive !== true || leader.isAsleep) return;
    for (let count = stories.between(1, 3); count > 0; count--) this.#write(browser);
    this.#world.at(this.#world.nowMs + stories.between(0, 250), () => {
      if (!leader.isAlive || browser.leader !== leader) return;
      this.#world.hit("leader suspended");
      this.#world.note(`${leader.name} sleeps`);
      this.#network.breakWhere((each) => each.tab === leader);
      leader.sleep();
      this.#world.at(this.#world.nowMs + stories.pick([5_000, 16_000, 17_000, 25_000, 40_000]), () =>
        this.#wake(leader),
      );
    });
  }

  #wake(tab: SimTab): void {
    if (!tab.isAlive || !tab.isAsleep) return;
    this.#world.note(`${tab.name} wakes`);
    tab.wake((count) => this.#world.stories.between(0, count - 1));
  }

  /** One person leaves a list or comes back to it: some rows of what is watched leave their sight, while they write to them. */
  #changeMember(browser: SimBrowser): void {
    const { random } = this.#world;
    // The other one stays: who may see nothing at all is refused as a whole.
    const [, list] = LISTS;
    const isIn = this.#server.listsOf(browser.user, this.#server.objectOf("a")).includes(list);
    if (isIn) for (let count = random.between(0, 3); count > 0; count--) this.#write(browser);
    for (const name of PARTITIONS) this.#server.settle(name, this.#world.nowMs);
    this.#server.changeMember(browser.user, list, isIn ? "leaves" : "joins");
    this.#world.note(`${browser.user} ${isIn ? "leaves" : "joins"} list ${list}`);
    this.#network.pumpAll();
  }

  #drawList(): { readonly list?: string } {
    return this.#server.members === null ? {} : { list: this.#world.stories.pick(LISTS) };
  }

  // What is looked at.

  #looks = 0;

  #look(tab: SimTab): void {
    const judge = this.#judges.get(tab);
    if (judge === undefined) return;
    if (tab.store.overlaid.acknowledged > 0) this.#world.hit("overlay outlived the answer");
    for (const partition of PARTITIONS) {
      const rows = tab.rows(partition);
      if (tab.browser.isAway && tab.store.writes(partition).length > 0)
        this.problems.push(`${tab.name} shows ${tab.browser.present} what ${tab.browser.user} wrote`);
      if (rows === null) {
        judge.forget(partition);
        continue;
      }
      // Making it anew costs as much as all the rest of a step.
      if (++this.#looks % 5 === 0) this.#compareWithNaive(tab, partition, rows);
      const fault = judge.look(partition, rows, {
        stoodAt: (value) => this.#server.stood.get(value),
        stoodFirstAt: (value) => this.#server.stoodFirst.get(value),
        writerOf: (value) => {
          const key = this.#values.get(value);
          if (key === undefined || this.#writer.get(key) !== tab.browser.user) return undefined;
          const written = this.#written.get(key);
          return written === undefined ? this.#drafts.get(key) : written;
        },
        wasRefused: (key) => this.#refused.has(key),
      });
      if (fault !== null) this.problems.push(`${tab.name}: ${fault}`);
    }
  }

  /** The maintained list equals the one that is made anew, in either order; and nothing is older than what this person knows to be done. */
  #compareWithNaive(tab: SimTab, partition: PartitionName, rows: ReadonlyMap<RowId, JsonObject>): void {
    const view = tab.watcher.picture.viewOf(partition);
    const below = new Map([...(view?.rows ?? [])].map(([id, { row }]) => [id, row]));
    const wanted = layOver(below, tab.store.writes(partition));
    const line = (all: Iterable<JsonObject>) => [...all].map(canonicalJson).sort().join();
    if (line(rows.values()) !== line(wanted.values()))
      this.problems.push(`${tab.name} ${partition} shows ${line(rows.values())}, not ${line(wanted.values())}`);
    const titles = (tab.sorted(partition) ?? []).map(({ title }) => String(title ?? "~"));
    if (titles.length !== rows.size || titles.join() !== [...titles].sort().join())
      this.problems.push(`${tab.name} ${partition} is not in order: ${titles}`);
    for (const { writes, state } of tab.doneAtStart) {
      if (state.kind !== "done") continue;
      for (const { id, values } of writes.filter((write) => write.partition === partition))
        for (const column of ["title", "body"]) {
          const [own, shown] = [values[column], rows.get(id)?.[column]];
          if (typeof own !== "string" || typeof shown !== "string" || own === shown) continue;
          const [ownAt, shownAt] = [this.#server.stoodFirst.get(own), this.#server.stood.get(shown)];
          if (ownAt !== undefined && shownAt !== undefined && shownAt < ownAt)
            this.problems.push(`${tab.name} ${partition} ${id} shows ${shown}, which stood before its own ${own}`);
        }
    }
  }

  #stored(browser: SimBrowser, changes: readonly EntryChange[]): void {
    for (const { before, after } of changes) {
      // A finished entry is let go after a while; only its owner gives one up.
      if (after !== null) this.#written.set(before.key, after);
      else if (before.state.kind === "refused") this.#written.set(before.key, null);
      if (after?.state.kind === "done") this.#world.hit("acknowledged");
      if (after?.state.kind === "refused" && before.state.kind !== "refused") {
        this.#world.hit("refused");
        const { code } = after.state.problem;
        this.#refused.add(before.key);
        if (code === "OUTCOME_UNKNOWN") {
          this.#world.hit("forgotten key");
          this.#uncertain.add(before.key);
        }
        this.#checkRefusal(before, after.state.problem);
        if (code === "IDEMPOTENCY_MISMATCH") this.problems.push(`${before.key} is refused for having two contents`);
      }
      if (before.state.kind === "sent" && after?.state.kind === "queued" && after.writes !== before.writes)
        this.#world.hit("merged");
      this.#world.note(`${browser.user} stores ${before.key}: ${JSON.stringify(after?.state ?? null)}`);
    }
  }

  /** Patience asked for is no refusal, nor is a sign-in that expired, nor a row that was still to be created. */
  #checkRefusal(entry: OutboxEntry, { status, code }: JsonObject): void {
    if (code === "UNAUTHORIZED" || status === 429) this.problems.push(`${entry.key} is refused with ${status}`);
    const [, parent] = /^NO (.*)$/.exec(String(code)) ?? [];
    for (const [key, earlier] of this.#written) {
      if (earlier === null || earlier.place >= entry.place || this.#writer.get(key) !== this.#writer.get(entry.key))
        continue;
      const isOpen = earlier.state.kind === "queued" || earlier.state.kind === "sent";
      if (isOpen && earlier.writes.some(({ op, id }) => op === "create" && id === parent))
        this.problems.push(`${entry.key} is refused for want of ${parent}, which was still to come`);
    }
  }

  #tabsOf(browser: SimBrowser): SimTab[] {
    return browser.tabs.filter(({ isAlive }) => isAlive) as SimTab[];
  }

  #pickTab(browser: SimBrowser): SimTab | null {
    const tabs = this.#tabsOf(browser).filter(({ isAsleep }) => !isAsleep);
    return tabs.length === 0 ? null : this.#world.random.pick(tabs);
  }
}

/** A function of the application: the columns that nobody else touched; the rest is the server's. */
function mergeByHand({ mine, fields, theirs }: Conflict): Resolution {
  const kept = Object.entries(mine).filter(([name]) => !fields.includes(name));
  return theirs === null || kept.length === 0 ? { kind: "refuse" } : { kind: "send", values: Object.fromEntries(kept) };
}
