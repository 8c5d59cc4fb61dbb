/**
 * A tab of the simulation: the live store over watches of the live client, and the outbox while it leads. Carries out what these decide, as the
 * shell does, each step at a time of its own; a tab that has crashed does nothing more.
 */

import type { ObjectName, RowId } from "../../../src/core/ids.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { openView, type Shown, type ViewStep } from "../../../src/core/live/live-view.ts";
import { parseSince } from "../../../src/core/live/position.ts";
import { viewComparator } from "../../../src/core/live/view-order.ts";
import type { ConflictPolicy } from "../../../src/core/offline/conflict.ts";
import type { AttemptReply } from "../../../src/core/offline/judge-reply.ts";
import { lostRows, unseenRows } from "../../../src/core/offline/lost-rows.ts";
import { Outbox } from "../../../src/core/offline/outbox.ts";
import {
  type EntryChange,
  type EntryDraft,
  NOBODY,
  type OutboxEntry,
  type RowWrite,
  rowKey,
} from "../../../src/core/offline/outbox-entry.ts";
import { OUTBOX_LIMITS, type OutboxAction, type PresentRow } from "../../../src/core/offline/outbox-port.ts";
import type { TabMessage } from "../../../src/core/offline/tab-message.ts";
import { yieldsTo } from "../../../src/core/offline/yields-to.ts";
import { StoreCore } from "../../../src/core/store/store-core.ts";
import { SimWatcher } from "../live/sim-watcher.ts";
import { PARTITIONS, type PartitionName } from "./model-server.ts";
import type { SimBrowser } from "./sim-browser.ts";

/** What the world does for a tab; times are its own to choose. */
export interface TabWorld {
  /** Soon, on the same machine. */
  readonly soon: (run: () => void) => void;
  readonly after: (ms: number, run: () => void) => void;
  readonly request: (tab: SimTab, entry: OutboxEntry, answered: (reply: AttemptReply) => void) => void;
  readonly read: (tab: SimTab, write: RowWrite, answered: (present: PresentRow | null) => void) => void;
  readonly connect: (tab: SimTab, object: ObjectName, afterMs: number) => void;
  readonly sendFrame: (tab: SimTab, object: ObjectName, text: string) => void;
  readonly close: (tab: SimTab, object: ObjectName) => void;
  readonly broadcast: (tab: SimTab, message: TabMessage) => void;
  readonly renew: (tab: SimTab) => void;
  /** A tab has taken the place of one that does not run. */
  readonly stole: () => void;
  readonly shown: (tab: SimTab) => void;
  /** What was shown is no longer this person's to see. */
  readonly purged: (tab: SimTab, partition: PartitionName) => void;
  readonly stored: (changes: readonly EntryChange[]) => void;
  readonly random: () => number;
  readonly elapsedMs: () => number;
  readonly nowMs: () => number;
  readonly policy: ConflictPolicy;
  /** Whether tabs ask if the one that leads does run. */
  readonly doubts: boolean;
  readonly hit: (
    interval:
      | "conflict"
      | "silent leader lost its place"
      | "silent leader woke and thought it led"
      | "row withdrawn"
      | "storage was ahead"
      | "began with kept rows"
      | "kept rows were behind"
      | "let another tab lead",
  ) => void;
}

export class SimTab {
  readonly name: string;
  readonly browser: SimBrowser;
  readonly watcher: SimWatcher;
  readonly store: StoreCore;
  /** What had taken place when it was opened. */
  doneAtStart: readonly OutboxEntry[] = [];
  outbox: Outbox | null = null;
  /** Whom this tab takes to be signed in. */
  principal: string;
  /** Whom the tab that leads does, as far as this one has heard. */
  #leading: string | null = NOBODY;
  isAlive = true;
  /** What is to run once it runs again; null: it runs. */
  #asleep: (() => void)[] | null = null;
  /** Of the tab that leads, as `OutboxRunner` has it: whether it was asked if it runs, and whether it has answered since. */
  #isAsked = false;
  #hasAnswered = false;
  /** Nothing is shown before the entries are known: a write would come in late, over what came after it. */
  isLoaded = false;
  /** Keys of what was written here. */
  readonly wrote = new Set<string>();
  readonly #world: TabWorld;
  #unheard: TabMessage[] = [];
  #purged = 0;
  #shows = 0;

  constructor(name: string, browser: SimBrowser, world: TabWorld) {
    this.name = name;
    this.browser = browser;
    this.principal = browser.present;
    this.#world = world;
    const objects = PARTITIONS.map((partition) => `t/app/${partition}` as ObjectName);
    this.watcher = new SimWatcher(name, "transaction", objects, {
      connect: (object, afterMs) => world.connect(this, object, afterMs),
      send: (object, text) => world.sendFrame(this, object, text),
      close: (object) => world.close(this, object),
      random: world.random,
      shown: (watches) => this.#took(watches),
      told: (name, position) => this.store.told(name, position),
    });
    this.store = new StoreCore({
      placeOf: (key) => this.#placeOf(partitionOf(key)),
      ask: (key, question) => this.watcher.sessions.get(`t/app/${partitionOf(key)}` as ObjectName)?.inquire(question),
      changed: () => {},
      derive: (after) => after,
    });
    for (const key of LISTS)
      this.store.add({ key, table: "notes", partition: partitionOf(key), limit: null, isWhole: true });
    world.soon(() => this.#load());
  }

  /** Begins with what was kept of the rows, if anything was. */
  #begin(): void {
    for (const partition of PARTITIONS) {
      const kept = this.browser.kept.get(partition);
      const object = `t/app/${partition}` as ObjectName;
      const view = kept === undefined ? null : openView({ rows: kept.rows }, (row) => row.id as RowId);
      this.watcher.watch(partition, object, { resource: "notes" }, kept?.position, view);
      if (kept === undefined) continue;
      this.#world.hit("began with kept rows");
      this.#took(new Map([[partition, [{ kind: "replaced", seq: 0, after: view }]]]));
      for (const key of LISTS) if (partitionOf(key) === partition) this.store.resumed(key);
      if (this.store.writes(partition).length > 0) this.#world.hit("kept rows were behind");
    }
  }

  #took(watches: Shown): void {
    for (const [partition, steps] of watches) {
      const view = this.watcher.picture.viewOf(partition);
      for (const key of LISTS.filter((each) => partitionOf(each) === partition)) {
        const facts = view && {
          rowKey: "id",
          compare: key === partition ? null : BY_TITLE,
          takes: () => true,
          rows: () => [...view.rows.values()].map(({ row }) => row),
          rowOf: (id: RowId) => view.rows.get(id)?.row,
        };
        this.store.took(key, steps, facts);
      }
      this.#lookForLost(partition as PartitionName, steps);
    }
    this.show();
  }

  readonly #asked = new Set<string>();
  /** As `followWithdrawals` does; and what is kept of the rows follows at once. */
  #lookForLost(partition: PartitionName, steps: readonly ViewStep[]): void {
    const view = this.watcher.picture.viewOf(partition);
    if (this.browser.isAway) return;
    this.#lookAt(lostRows(this.browser.all(), { place: { resource: "notes", partition }, view }, steps));
    if (!steps.some((step) => step.kind === "commit" && step.changes.some(({ why }) => why === "scope"))) return;
    this.#world.hit("row withdrawn");
    this.#keep();
  }

  #lookAt(writes: readonly RowWrite[]): void {
    for (const write of writes) {
      const key = rowKey(write);
      if (this.#asked.has(key)) continue;
      this.#asked.add(key);
      this.#world.read(this, write, (present) => {
        this.#asked.delete(key);
        const { partition, id } = write;
        if (present?.row == null) this.#revoked({ type: "revoked", table: "notes", partition, ids: [id] });
      });
    }
  }

  /** It was open when this tab last heard of it. */
  readonly #open = new Set<string>();
  #noteRefusal(key: string, entry: OutboxEntry | null): void {
    if (entry?.state.kind === "refused" && this.#open.has(key)) {
      const watches = PARTITIONS.map((partition) => ({
        place: { resource: "notes", partition },
        view: this.watcher.picture.viewOf(partition),
      }));
      this.#lookAt(unseenRows(this.browser.all(), watches, entry));
    }
    if (entry?.state.kind === "queued" || entry?.state.kind === "sent") this.#open.add(key);
    else this.#open.delete(key);
  }

  #revoked(message: Extract<TabMessage, { readonly type: "revoked" }>): void {
    if (this.outbox === null) this.#world.broadcast(this, message);
    else this.hear(message);
  }

  get isAsleep(): boolean {
    return this.#asleep !== null;
  }

  /** Stopped in a debugger, or suspended: nothing of it runs, and it keeps its lock. */
  sleep(): void {
    this.#asleep ??= [];
  }

  /** What has come meanwhile is there all at once, in the order in which it came; but that it leads no more may be told at any moment. */
  wake(pick: (count: number) => number): void {
    const waiting = this.#asleep ?? [];
    this.#asleep = null;
    if (this.#isRobbed) {
      this.#world.hit("silent leader woke and thought it led");
      waiting.splice(pick(waiting.length + 1), 0, () => this.lost());
    }
    this.#isRobbed = false;
    for (const run of waiting) if (this.isAlive) run();
  }

  #isRobbed = false;
  lost(): void {
    if (this.#asleep === null) this.outbox = null;
    else this.#isRobbed = true;
  }

  whenRuns(run: () => void): void {
    if (this.#asleep === null) run();
    else this.#asleep.push(run);
  }

  /** As `OutboxRunner` does: whoever leads and does not answer for so long loses its place. */
  #doubt(): void {
    const isOpen = this.browser.all().some(({ state }) => state.kind === "queued" || state.kind === "sent");
    if (!this.#world.doubts || this.#isAsked || this.outbox !== null || !isOpen) return;
    this.#isAsked = true;
    this.#hasAnswered = false;
    this.#world.broadcast(this, { type: "nudge", principal: this.principal });
    this.#world.after(OUTBOX_LIMITS.leaderMs, () =>
      this.whenRuns(() => {
        this.#isAsked = false;
        if (!this.isAlive || this.outbox !== null) return;
        if (this.#hasAnswered) this.#doubt();
        else {
          this.#world.hit("silent leader lost its place");
          this.browser.steal(this);
          this.#world.stole();
        }
      }),
    );
  }

  lead(): void {
    const outbox: Outbox = new Outbox({
      act: (action) => outbox === this.outbox && this.#act(action),
      elapsedMs: this.#world.elapsedMs,
      nowMs: this.#world.nowMs,
      random: this.#world.random,
      policyOf: () => this.#world.policy,
    });
    this.outbox = outbox;
    outbox.connected(this.browser.isOnline);
    outbox.signedIn(this.principal);
    outbox.start();
    this.#tellWho();
  }

  /** In this tab alone; others go on as they are. */
  signedIn(principal: string): void {
    this.principal = principal;
    this.outbox?.signedIn(principal);
    this.#tellWho();
  }

  #tellWho(): void {
    if (this.outbox === null) {
      this.#speakUp();
      return;
    }
    const { inFlight, pause } = this.outbox;
    this.#world.broadcast(this, { type: "progress", inFlight, pause, principal: this.principal });
  }

  /** Where this tab could send something, and the one that leads cannot. */
  #speakUp(): void {
    if (this.outbox === null && yieldsTo(this.browser.all(), this.#leading, this.principal))
      this.#world.broadcast(this, { type: "nudge", principal: this.principal });
  }

  #nudged(by: string | null): void {
    if (this.outbox === null) return;
    if (this.#world.doubts) this.#tellWho();
    if (!yieldsTo(this.browser.all(), this.principal, by)) {
      this.outbox.tick();
      return;
    }
    this.#world.hit("let another tab lead");
    this.outbox = null;
    this.browser.handOn(this);
  }

  /** Nothing of the person before is shown; what the present one wrote is, again. */
  switched(): void {
    this.signedIn(this.browser.present);
    this.store.forget();
    for (const key of LISTS) this.store.took(key, [], null);
    if (!this.isLoaded) return;
    for (const partition of PARTITIONS) {
      this.watcher.unwatch(partition);
      this.watcher.watch(partition, `t/app/${partition}` as ObjectName, { resource: "notes" });
    }
    for (const entry of this.browser.all()) this.#tell(entry.key, entry);
  }

  /** Of whoever is there, and of what is nobody's in particular. */
  #tell(key: string, entry: OutboxEntry | null): void {
    this.#noteRefusal(key, entry);
    if (entry === null || entry.principal === null || entry.principal === this.browser.present)
      this.store.news(key, entry);
  }

  /** Shown at once, stored soon. */
  write(draft: EntryDraft, stored: () => void): void {
    this.wrote.add(draft.key);
    this.store.draft({ ...draft, state: { kind: "queued" } });
    this.show();
    this.#soon(() => {
      const entry = this.browser.add(draft);
      stored();
      this.#news([{ key: entry.key, entry }]);
    });
  }

  /** A person decides about a refused entry, in this tab. */
  commit(change: EntryChange): void {
    if (!this.browser.commit([change])) return;
    this.#world.stored([change]);
    this.#news([{ key: change.before.key, entry: change.after }]);
  }

  hear(message: TabMessage): void {
    if (!this.isAlive) return;
    if (this.#asleep !== null) {
      this.#asleep.push(() => this.hear(message));
      return;
    }
    if (message.type === "nudge") this.#nudged(message.principal);
    if (message.type === "progress") {
      this.#leading = message.principal;
      this.#hasAnswered = true;
      this.#speakUp();
    }
    if (message.type === "revoked") {
      const ids = message.ids && new Set(message.ids);
      this.outbox?.revoked(({ partition, id }) => partition === message.partition && ids?.has(id) !== false);
    }
    if (message.type !== "entries") return;
    if (!this.isLoaded) {
      this.#unheard.push(message);
      return;
    }
    for (const { key, entry } of message.news) {
      this.#tell(key, entry);
      this.outbox?.noticed(key, entry);
    }
    this.#doubt();
    this.#speakUp();
    this.show();
  }

  receive(object: ObjectName, text: string): void {
    this.watcher.sessions.get(object)?.receive(text);
    this.store.moved();
    if (this.watcher.purged > this.#purged) {
      this.#purged = this.watcher.purged;
      this.browser.kept.delete(object.slice(-1));
      const partition = object.slice(-1) as PartitionName;
      // Each tab says so, behind the news of what it wrote itself on what it still showed.
      this.#revoked({ type: "revoked", table: "notes", partition });
      this.#world.purged(this, partition);
    }
    this.show();
  }

  /** What the watches show changed, or what lies over it. */
  show(): void {
    if (!this.isAlive || !this.isLoaded) return;
    this.store.moved();
    this.#world.shown(this);
    // Not each time, so that what is kept is often behind.
    if (++this.#shows % 7 === 0) this.#keep();
  }

  #keep(): void {
    for (const partition of PARTITIONS) {
      const position = this.watcher.picture.sinceOf(partition);
      const view = this.watcher.picture.viewOf(partition);
      if (position === null || view === null || this.browser.isAway) continue;
      this.browser.kept.set(partition, { position, rows: structuredClone([...view.rows.values()]), by: this });
    }
  }

  #placeOf(partition: PartitionName): { readonly epoch: string; readonly seq: number } | null {
    const since = parseSince(this.watcher.picture.sinceOf(partition) ?? "");
    return since === null ? null : { epoch: since.epoch, seq: since.seq };
  }

  /** Null: nothing is shown. */
  rows(partition: PartitionName): ReadonlyMap<RowId, JsonObject> | null {
    const rows = this.store.rows(partition);
    return rows === null ? null : new Map(rows.map((row) => [row.id as RowId, row]));
  }

  /** The same in the order of titles. */
  sorted(partition: PartitionName): readonly JsonObject[] | null {
    return this.store.rows(`${partition} by title`);
  }

  tagOf(partition: PartitionName, id: RowId): string | null {
    return this.watcher.picture.viewOf(partition)?.rows.get(id)?.v ?? null;
  }

  #load(): void {
    if (!this.isAlive) return;
    const entries = this.browser.all();
    this.#soon(() => {
      for (const entry of entries) this.#tell(entry.key, entry);
      this.doneAtStart = entries.filter(({ state }) => state.kind === "done");
      this.#begin();
      this.isLoaded = true;
      for (const message of this.#unheard.splice(0)) this.hear(message);
      this.show();
    });
  }

  #act(action: OutboxAction): void {
    const by = this.outbox;
    switch (action.kind) {
      case "save":
        this.#soon(() => this.#save(action.changes, by));
        break;
      case "send":
        this.#world.request(this, action.entry, (reply) =>
          this.#live(by, (outbox) => outbox.replied(action.entry.key, reply)),
        );
        break;
      case "read":
        this.#world.hit("conflict");
        this.#world.read(this, action.write, (present) =>
          this.#live(by, (outbox) => outbox.found(action.entry.key, present)),
        );
        break;
      case "reload":
        this.#soon(() => {
          const entries = this.browser.all();
          // Whoever made them may not have come to tell the others, who must know before anything is sent.
          this.#broadcast(entries.map((entry) => ({ key: entry.key, entry })));
          this.#soon(() => this.#live(by, (outbox) => outbox.loaded(entries)));
        });
        break;
      case "wake":
        this.#world.after(action.afterMs, () => this.#live(by, (outbox) => outbox.tick()));
        break;
      case "sign-in":
        this.#world.renew(this);
        break;
    }
  }

  #save(changes: readonly EntryChange[], by: Outbox | null): void {
    const isDone = this.browser.commit(changes);
    if (!isDone) this.#world.hit("storage was ahead");
    else this.#world.stored(changes);
    if (isDone)
      this.#news(
        changes.map(({ before, after }) => ({ key: before.key, entry: after })),
        "others",
      );
    this.#live(by, (outbox) => outbox.saved(changes, isDone));
    this.show();
  }

  /** To the other tabs, and to this one; the outbox of this one learns of its own saves by `saved`. */
  #news(
    news: readonly { readonly key: string; readonly entry: OutboxEntry | null }[],
    mode: "all" | "others" = "all",
  ): void {
    this.#broadcast(news);
    for (const { key, entry } of news) {
      this.#tell(key, entry);
      if (mode === "all") this.outbox?.noticed(key, entry);
    }
    this.#doubt();
    this.#speakUp();
    this.show();
  }

  #broadcast(news: readonly { readonly key: string; readonly entry: OutboxEntry | null }[]): void {
    this.#world.broadcast(this, { type: "entries", news });
  }

  #soon(run: () => void): void {
    this.#world.soon(() =>
      this.whenRuns(() => {
        if (this.isAlive) run();
      }),
    );
  }

  /** `outbox`: the one that asked; where this tab leads no longer, or again, its answers are nobody's. */
  #live(outbox: Outbox | null, run: (outbox: Outbox) => void): void {
    this.whenRuns(() => {
      if (this.isAlive && outbox !== null && outbox === this.outbox) run(outbox);
    });
  }
}

/** Each partition as it comes, and in the order of titles. */
const LISTS = PARTITIONS.flatMap((partition) => [partition, `${partition} by title`]);
const BY_TITLE = viewComparator({ orderBy: "title", key: "id", kinds: { title: "text", id: "text" } });

function partitionOf(key: string): PartitionName {
  return key.slice(0, 1) as PartitionName;
}
