/**
 * A tab of the simulation: watches through the live client, the overlay, and the outbox while it leads. Carries out what these decide, as the
 * shell does, each step at a time of its own; a tab that has crashed does nothing more.
 */

import type { ObjectName, RowId } from "../../../src/core/ids.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { parseSince } from "../../../src/core/live/position.ts";
import type { ConflictPolicy } from "../../../src/core/offline/conflict.ts";
import type { AttemptReply } from "../../../src/core/offline/judge-reply.ts";
import { layOver } from "../../../src/core/offline/lay-over.ts";
import { Outbox } from "../../../src/core/offline/outbox.ts";
import type { EntryChange, EntryDraft, OutboxEntry, RowWrite } from "../../../src/core/offline/outbox-entry.ts";
import type { OutboxAction, PresentRow } from "../../../src/core/offline/outbox-port.ts";
import { Overlay, type ReadingPlace } from "../../../src/core/offline/overlay.ts";
import { TAB_VERSION, type TabMessage } from "../../../src/core/offline/tab-message.ts";
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
  readonly shown: (tab: SimTab) => void;
  /** What was shown is no longer this person's to see. */
  readonly purged: (tab: SimTab, partition: PartitionName) => void;
  readonly stored: (changes: readonly EntryChange[]) => void;
  readonly random: () => number;
  readonly elapsedMs: () => number;
  readonly nowMs: () => number;
  readonly policy: ConflictPolicy;
  readonly hit: (interval: "storage was ahead") => void;
}

export class SimTab {
  readonly name: string;
  readonly browser: SimBrowser;
  readonly watcher: SimWatcher;
  readonly overlay = new Overlay();
  outbox: Outbox | null = null;
  isAlive = true;
  /** Nothing is shown before the entries are known: a write would come in late, over what came after it. */
  isLoaded = false;
  /** Keys of what was written here. */
  readonly wrote = new Set<string>();
  readonly #world: TabWorld;
  #unheard: TabMessage[] = [];
  readonly #asked = new Set<string>();
  #purged = 0;

  constructor(name: string, browser: SimBrowser, world: TabWorld) {
    this.name = name;
    this.browser = browser;
    this.#world = world;
    const objects = PARTITIONS.map((partition) => `t/app/${partition}` as ObjectName);
    this.watcher = new SimWatcher(name, "transaction", objects, {
      connect: (object, afterMs) => world.connect(this, object, afterMs),
      send: (object, text) => world.sendFrame(this, object, text),
      close: (object) => world.close(this, object),
      random: world.random,
      shown: () => this.show(),
    });
    for (const partition of PARTITIONS)
      this.watcher.watch(partition, `t/app/${partition}` as ObjectName, { resource: "notes" });
    world.soon(() => this.#load());
  }

  lead(): void {
    this.outbox = new Outbox({
      act: (action) => this.#act(action),
      elapsedMs: this.#world.elapsedMs,
      nowMs: this.#world.nowMs,
      random: this.#world.random,
      policyOf: () => this.#world.policy,
    });
    this.outbox.connected(this.browser.isOnline);
    this.outbox.signedIn(this.browser.user);
    this.outbox.start();
  }

  /** Shown at once, stored soon. */
  write(draft: EntryDraft, stored: () => void): void {
    this.wrote.add(draft.key);
    this.overlay.draft({ ...draft, state: { kind: "queued" } });
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
    if (message.type === "nudge") this.outbox?.tick();
    if (message.type === "revoked") this.outbox?.revoked((row) => row.partition === message.partition);
    if (message.type !== "entries") return;
    if (!this.isLoaded) {
      this.#unheard.push(message);
      return;
    }
    for (const { key, entry } of message.news) {
      if (entry === null) this.overlay.drop(key);
      else this.overlay.take(entry);
      this.outbox?.noticed(key, entry);
    }
    this.show();
  }

  receive(object: ObjectName, text: string): void {
    this.watcher.sessions.get(object)?.receive(text);
    if (this.watcher.purged > this.#purged) {
      this.#purged = this.watcher.purged;
      const partition = object.slice(-1) as PartitionName;
      // Each tab says so, behind the news of what it wrote itself on what it still showed.
      const message = { v: TAB_VERSION, type: "revoked", table: "notes", partition } as const;
      if (this.outbox === null) this.#world.broadcast(this, message);
      else this.hear(message);
      this.#world.purged(this, partition);
    }
    this.show();
  }

  /** What the watches show changed, or what lies over it. */
  show(): void {
    if (!this.isAlive || !this.isLoaded) return;
    this.overlay.reach(this.places());
    for (const awaited of this.overlay.awaited()) for (const partition of PARTITIONS) this.#askFor(partition, awaited);
    this.#world.shown(this);
  }

  places(): ReadingPlace[] {
    return PARTITIONS.map((partition) => {
      const since = parseSince(this.watcher.picture.sinceOf(partition) ?? "");
      return { table: "notes", partition, at: since === null ? null : { epoch: since.epoch, seq: since.seq } };
    });
  }

  /** Null: nothing is shown. */
  rows(partition: PartitionName): ReadonlyMap<RowId, JsonObject> | null {
    const view = this.watcher.picture.viewOf(partition);
    if (view === null) return null;
    return layOver({
      rows: new Map([...view.rows].map(([id, { row }]) => [id, row])),
      writes: this.overlay.writes("notes", partition),
      primaryKey: "id",
      known: () => undefined,
      matches: () => true,
    });
  }

  tagOf(partition: PartitionName, id: RowId): string | null {
    return this.watcher.picture.viewOf(partition)?.rows.get(id)?.v ?? null;
  }

  #askFor(partition: PartitionName, awaited: string): void {
    const since = parseSince(this.watcher.picture.sinceOf(partition) ?? "");
    if (since === null || !awaited.startsWith(`${since.epoch}:`) || this.#asked.has(awaited)) return;
    const seq = Number(awaited.slice(since.epoch.length + 1));
    if (this.watcher.sessions.get(`t/app/${partition}` as ObjectName)?.sync({ seq }) === true) this.#asked.add(awaited);
  }

  /** A socket is gone, and with it what was asked. */
  forgetQuestions(): void {
    this.#asked.clear();
  }

  #load(): void {
    if (!this.isAlive) return;
    const entries = this.browser.all();
    this.#soon(() => {
      for (const entry of entries) this.overlay.take(entry);
      this.isLoaded = true;
      for (const message of this.#unheard.splice(0)) this.hear(message);
      this.show();
    });
  }

  #act(action: OutboxAction): void {
    switch (action.kind) {
      case "save":
        this.#soon(() => this.#save(action.changes));
        break;
      case "send":
        this.#world.request(this, action.entry, (reply) =>
          this.#live((outbox) => outbox.replied(action.entry.key, reply)),
        );
        break;
      case "read":
        this.#world.read(this, action.write, (present) =>
          this.#live((outbox) => outbox.found(action.entry.key, present)),
        );
        break;
      case "reload":
        this.#soon(() => {
          const entries = this.browser.all();
          // Whoever made them may not have come to tell the others, who must know before anything is sent.
          this.#broadcast(entries.map((entry) => ({ key: entry.key, entry })));
          this.#soon(() => this.#live((outbox) => outbox.loaded(entries)));
        });
        break;
      case "wake":
        this.#world.after(action.afterMs, () => this.#live((outbox) => outbox.tick()));
        break;
      case "sign-in":
        this.#world.renew(this);
        break;
    }
  }

  #save(changes: readonly EntryChange[]): void {
    const isDone = this.browser.commit(changes);
    if (!isDone) this.#world.hit("storage was ahead");
    else this.#world.stored(changes);
    if (isDone)
      this.#news(
        changes.map(({ before, after }) => ({ key: before.key, entry: after })),
        "others",
      );
    this.#live((outbox) => outbox.saved(changes, isDone));
    this.show();
  }

  /** To the other tabs, and to this one; the outbox of this one learns of its own saves by `saved`. */
  #news(
    news: readonly { readonly key: string; readonly entry: OutboxEntry | null }[],
    mode: "all" | "others" = "all",
  ): void {
    this.#broadcast(news);
    for (const { key, entry } of news) {
      if (entry === null) this.overlay.drop(key);
      else this.overlay.take(entry);
      if (mode === "all") this.outbox?.noticed(key, entry);
    }
    this.show();
  }

  #broadcast(news: readonly { readonly key: string; readonly entry: OutboxEntry | null }[]): void {
    this.#world.broadcast(this, { v: TAB_VERSION, type: "entries", news });
  }

  #soon(run: () => void): void {
    this.#world.soon(() => {
      if (this.isAlive) run();
    });
  }

  #live(run: (outbox: Outbox) => void): void {
    if (this.isAlive && this.outbox !== null) run(this.outbox);
  }
}
