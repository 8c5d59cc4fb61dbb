/**
 * One tab's part in the outbox of its browser: carries out what `Outbox` decides while this tab leads, and follows the news while another does.
 * A write is stored by the tab that makes it, so it is safe before anybody hears of it. Its lines are one machine's.
 */

import type { RowId } from "../../core/ids.ts";
import type { ConflictPolicy } from "../../core/offline/conflict.ts";
import { type Decision, decide } from "../../core/offline/decide.ts";
import { Outbox } from "../../core/offline/outbox.ts";
import { type EntryChange, type EntryDraft, NOBODY, type OutboxEntry } from "../../core/offline/outbox-entry.ts";
import { OUTBOX_LIMITS, type OutboxAction } from "../../core/offline/outbox-port.ts";
import { type SyncStatus, syncStatus } from "../../core/offline/sync-status.ts";
import type { TabMessage } from "../../core/offline/tab-message.ts";
import { yieldsTo } from "../../core/offline/yields-to.ts";
import { AuthError } from "../ledge-error.ts";
import type { Platform } from "../platform.ts";
import type { Send } from "../send.ts";
import { attempt, readPresent } from "./entry-request.ts";
import type { OutboxStorage } from "./outbox-storage.ts";
import type { Leading, TabChannel, TabPlatform } from "./tab-platform.ts";

export interface OutboxWiring {
  /** Of the outbox: tabs with the same share it. */
  readonly name: string;
  readonly send: Send;
  readonly storage: OutboxStorage;
  /** Whether what it holds outlives the page, and is there for other tabs; default: it does. */
  readonly isDurable?: Promise<boolean>;
  readonly platform: Platform;
  readonly tabs: TabPlatform;
  /** ms that no change of the clock touches. */
  readonly elapsedMs: () => number;
  readonly policyOf: (table: string) => ConflictPolicy;
  /** Tries to renew the sign-in; false: only the person can. */
  readonly renew: () => Promise<boolean>;
  /** Who is there is known: at once, or once sign-in has said so. Until then nothing is stored, so that it is nobody else's. */
  readonly identified: Promise<unknown>;
  /** The server has refused what was waiting before. */
  readonly refused: (entry: OutboxEntry) => void;
}

export type News = readonly { readonly key: string; readonly entry: OutboxEntry | null }[];

/** Who shows what is written. */
export interface OutboxObserver {
  /** Before it is stored. */
  drafted(entry: Omit<OutboxEntry, "place" | "rev">): void;
  /** Null: given up, never stored, or finished long ago. */
  news(news: News): void;
  /** Another person is signed in. */
  principal(): void;
}

type Progress = Extract<TabMessage, { readonly type: "progress" }>;

export class OutboxRunner {
  readonly #wiring: OutboxWiring;
  readonly #entries = new Map<string, OutboxEntry>();
  /** The same in order, and what they come to, as long as nothing moves. */
  #ordered: readonly OutboxEntry[] | null = null;
  #status: SyncStatus | null = null;
  #unread = 0;
  readonly #listeners = new Set<() => void>();
  readonly #leave: (() => void)[] = [];
  #channel: TabChannel;
  #outbox: Outbox | null = null;
  #principal: string | null = null;
  /** Whose what is written is: after a sign-out still theirs who was there. */
  #writer: string | null = null;
  #progress: Progress = { type: "progress", inFlight: [], pause: null, principal: NOBODY };
  /** What the others were last told of it, since this tab leads. */
  #progressTold = "";
  #isClosed = false;
  #observer: OutboxObserver | null = null;
  #isTold = true;
  #canStore = true;
  #isDurable = true;
  #cancelWake = (): void => {};
  /** Of the tab that leads: whether it was asked if it runs, and whether it has answered since. */
  #isAsked = false;
  #hasAnswered = false;
  #letGo = (): void => {};
  /** Resolves once what was stored before is known. */
  readonly ready: Promise<void>;

  constructor(wiring: OutboxWiring) {
    this.#wiring = wiring;
    const { tabs, name, isDurable } = wiring;
    this.#channel = tabs.channel(`ledge-outbox:${name}`, (message) => this.#hear(message as TabMessage));
    this.ready = this.#follow();
    this.#leave.push(() => this.#letGo());
    this.#standInLine();
    this.#leave.push(tabs.onOnline((isOnline) => this.#connected(isOnline)));
    void isDurable?.then((isKept) => isKept || this.#goAlone());
  }

  /** In the order in which they were made. */
  get entries(): readonly OutboxEntry[] {
    this.#ordered ??= [...this.#entries.values()].sort((a, b) => a.place - b.place);
    return this.#ordered;
  }

  get status(): SyncStatus {
    const inFlight = new Set(this.#progress.inFlight);
    this.#status ??= syncStatus({
      entries: this.entries,
      isInFlight: (key) => inFlight.has(key),
      principal: this.#principal,
      pause: this.#progress.pause,
      unread: this.#unread,
      canStore: this.#canStore && this.#isDurable,
      isDurable: this.#isDurable,
    });
    return this.#status;
  }

  isInFlight(key: string): boolean {
    return this.#progress.inFlight.includes(key);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get principal(): string | null {
    return this.#principal;
  }

  observe(observer: OutboxObserver): void {
    this.#observer = observer;
    observer.news(this.entries.map((entry) => ({ key: entry.key, entry })));
  }

  /** How many acknowledged writes lie over the rows because reading has not reached them. */
  reading(unread: number): void {
    if (unread === this.#unread) return;
    this.#unread = unread;
    this.#changed();
  }

  signedIn(principal: string | null): void {
    const isOther = principal !== this.#principal;
    this.#principal = principal;
    if (principal !== NOBODY) this.#writer = principal;
    if (isOther) this.#observer?.principal();
    this.#outbox?.signedIn(principal);
    this.#nudge();
    this.#changed();
  }

  /** Resolves when the write is stored; rejects when it cannot be. */
  async write(draft: Omit<EntryDraft, "principal" | "madeAtMs">): Promise<OutboxEntry> {
    const { storage, platform, identified } = this.#wiring;
    const madeAtMs = platform.now();
    this.#observer?.drafted({ ...draft, principal: this.#writer, madeAtMs, state: { kind: "queued" } });
    try {
      await identified;
      const principal = this.#writer;
      // Whoever signs in next may be anybody.
      if (principal === null && this.#principal === NOBODY)
        throw new AuthError("Cannot keep the write: nobody is signed in", { code: "SIGNED_OUT", status: 0 });
      const entry = await this.#kept(storage.add({ ...draft, principal, madeAtMs }));
      this.#tell([{ key: entry.key, entry }], "all");
      return entry;
    } catch (error) {
      this.#observer?.news([{ key: draft.key, entry: null }]);
      throw error;
    }
  }

  /** Rows that are no longer this person's to see, all of the table without `ids`: nothing of what was shown of them is kept. */
  revoked(table: string, partition: string | undefined, ids?: readonly RowId[]): void {
    const message: TabMessage = { type: "revoked", table, partition, ids };
    if (this.#outbox === null) this.#channel.tell(message);
    else this.#hear(message);
  }

  /** False: it is not refused any more, or gone. */
  async decide(key: string, decision: Decision): Promise<boolean> {
    const { storage } = this.#wiring;
    const entry = (await storage.all()).find((each) => each.key === key);
    const change = entry === undefined ? null : decide(entry, decision);
    if (change === null || !(await storage.commit([change]))) return false;
    this.#tell([{ key, entry: change.after }], "all");
    return true;
  }

  /** What the storage held may be gone: a person may have had the browser clear it. The tab that leads tells the others. */
  reread(): void {
    this.#outbox?.start();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelWake();
    for (const leave of this.#leave.splice(0)) leave();
    this.#channel.close();
    this.#listeners.clear();
    this.#wiring.storage.close?.();
  }

  async #follow(): Promise<void> {
    this.#take((await this.#load()).map((entry) => ({ key: entry.key, entry })));
  }

  #standInLine(how?: Leading): void {
    const { tabs, name } = this.#wiring;
    this.#letGo = tabs.lead(`ledge-outbox:${name}`, () => this.#lead(), { ...how, lost: () => this.#handOn() });
  }

  /** A tab that leads and does not run would hold up what all others write. That two send for a moment the keys make harmless. */
  #doubt(): void {
    if (this.#isAsked || this.status.unsent === 0) return;
    this.#isAsked = true;
    this.#hasAnswered = false;
    this.#cancelWake = this.#wiring.platform.after(OUTBOX_LIMITS.leaderMs, () => {
      this.#isAsked = false;
      if (this.#hasAnswered) this.#changed();
      else this.#handOn({ steal: true });
    });
    this.#nudge();
  }

  #lead(): void {
    if (this.#isClosed) return;
    const { platform, tabs, policyOf, elapsedMs } = this.#wiring;
    const outbox: Outbox = new Outbox({
      act: (action) => this.#act(action, outbox),
      elapsedMs,
      nowMs: platform.now,
      random: platform.random,
      policyOf,
    });
    this.#outbox = outbox;
    this.#cancelWake();
    this.#progressTold = "";
    outbox.connected(tabs.isOnline());
    outbox.signedIn(this.#principal);
    outbox.start();
  }

  /** To whoever waits longest; what is under way is repeated there, under its key. */
  #handOn(how?: Leading): void {
    this.#outbox = null;
    this.#cancelWake();
    this.#isAsked = false;
    this.#letGo();
    this.#standInLine(how);
  }

  /** What it writes is in no storage that others can see, so it sends that itself, and leaves theirs to them. */
  #goAlone(): void {
    this.#isDurable = false;
    this.#letGo();
    this.#channel.close();
    this.#channel = { tell: () => {}, close: () => {} };
    this.#lead();
    this.#changed();
  }

  #nudge(): void {
    if (this.#outbox !== null) return;
    this.#channel.tell({ type: "nudge", principal: this.#principal } satisfies TabMessage);
  }

  #act(action: OutboxAction, outbox: Outbox): void {
    const { send, platform, renew } = this.#wiring;
    if (this.#isClosed || outbox !== this.#outbox) return;
    switch (action.kind) {
      case "save":
        void this.#save(action.changes, outbox);
        break;
      case "send":
        void attempt(send, action.entry).then((reply) => this.#step(() => outbox.replied(action.entry.key, reply)));
        break;
      case "read":
        void readPresent(send, action.write).then((row) => this.#step(() => outbox.found(action.entry.key, row)));
        break;
      case "reload":
        void this.#reload(outbox);
        break;
      case "wake":
        this.#cancelWake();
        this.#cancelWake = platform.after(action.afterMs, () => this.#step(() => outbox.tick()));
        break;
      case "sign-in":
        void renew().then((isRenewed) => this.#step(() => isRenewed && outbox.signedIn(this.#principal)));
        break;
    }
    this.#changed();
  }

  async #save(changes: readonly EntryChange[], outbox: Outbox): Promise<void> {
    let isDone = false;
    try {
      isDone = await this.#kept(this.#wiring.storage.commit(changes));
    } catch {
      await this.#pause();
    }
    if (this.#isClosed) return;
    if (isDone)
      this.#tell(
        changes.map(({ before, after }) => ({ key: before.key, entry: after })),
        "others",
      );
    this.#step(() => outbox.saved(changes, isDone));
  }

  async #reload(outbox: Outbox): Promise<void> {
    const known = [...this.#entries.keys()];
    const entries = await this.#load();
    const held = new Set(entries.map(({ key }) => key));
    // Whoever made them may not have come to tell the others; and a person may have had the browser clear what it holds.
    const gone = known.filter((key) => !held.has(key)).map((key) => ({ key, entry: null }));
    this.#tell([...gone, ...entries.map((entry) => ({ key: entry.key, entry }))], "others");
    this.#step(() => outbox.loaded(entries));
  }

  /** Until it succeeds: without what is stored there is nothing to go on with. */
  async #load(): Promise<readonly OutboxEntry[]> {
    for (;;) {
      try {
        return await this.#kept(this.#wiring.storage.all());
      } catch (error) {
        if (this.#isClosed) throw error;
        await this.#pause();
      }
    }
  }

  /** Whoever looks is told when the storage begins to fail, and when it is there again. */
  #kept<T>(asked: Promise<T>): Promise<T> {
    const learn = (canStore: boolean) => {
      if (canStore !== this.#canStore) this.#changed();
      this.#canStore = canStore;
    };
    asked.then(
      () => learn(true),
      () => learn(false),
    );
    return asked;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => void this.#wiring.platform.after(OUTBOX_LIMITS.storageMs, resolve));
  }

  #step(run: () => void): void {
    if (this.#isClosed) return;
    run();
    this.#changed();
  }

  #connected(isOnline: boolean): void {
    this.#nudge();
    this.#step(() => this.#outbox?.connected(isOnline));
  }

  #hear(message: TabMessage): void {
    if (this.#isClosed) return;
    if (message.type === "entries") {
      this.#take(message.news);
      for (const { key, entry } of message.news) this.#outbox?.noticed(key, entry);
    } else if (message.type === "progress") {
      this.#progress = message;
      this.#hasAnswered = true;
    } else if (message.type === "revoked") {
      const ids = message.ids && new Set(message.ids);
      this.#outbox?.revoked(
        ({ table, partition, id }) =>
          table === message.table && partition === message.partition && ids?.has(id) !== false,
      );
    } else if (this.#outbox !== null) {
      // Which is the answer, too.
      this.#progressTold = "";
      if (yieldsTo(this.entries, this.#principal, message.principal)) this.#handOn();
      else this.#outbox.tick();
    }
    this.#changed();
  }

  /** To the other tabs and to this one; of its own saves the outbox of this tab learns by `saved`. */
  #tell(news: News, to: "all" | "others"): void {
    if (news.length > 0) this.#channel.tell({ type: "entries", news } satisfies TabMessage);
    this.#take(news);
    if (to === "all") for (const { key, entry } of news) this.#outbox?.noticed(key, entry);
    this.#changed();
  }

  #take(news: News): void {
    for (const { key, entry } of news) {
      const held = this.#entries.get(key);
      if (entry === null) this.#entries.delete(key);
      else if ((held?.rev ?? -1) < entry.rev) {
        this.#entries.set(key, entry);
        // One that is first heard of as refused was so before.
        const isNews = held !== undefined && held.state.kind !== "refused" && entry.state.kind === "refused";
        if (isNews) void Promise.resolve(entry).then(this.#wiring.refused);
      }
    }
    this.#ordered = null;
    this.#observer?.news(news);
    this.#changed();
  }

  /** Listeners are told once for all that happens in a turn. */
  #changed(): void {
    this.#status = null;
    if (!this.#isTold) return;
    this.#isTold = false;
    void Promise.resolve().then(() => {
      this.#isTold = true;
      this.#tellOthers();
      for (const listener of [...this.#listeners]) listener();
    });
  }

  #tellOthers(): void {
    const outbox = this.#outbox;
    if (this.#isClosed) return;
    if (outbox === null) {
      this.#doubt();
      if (yieldsTo(this.entries, this.#progress.principal, this.#principal)) this.#nudge();
      return;
    }
    const { inFlight, pause } = outbox;
    const progress: Progress = { type: "progress", inFlight, pause, principal: this.#principal };
    const text = JSON.stringify(progress);
    if (text === this.#progressTold) return;
    this.#progressTold = text;
    this.#progress = progress;
    this.#status = null;
    this.#channel.tell(progress);
  }
}
