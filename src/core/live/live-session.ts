/**
 * One socket at the server: opens watches one after the other, tells commits, and catches up from the ledger when it lagged
 * ([WS4]–[WS6] [WS11]). Everything it does to the outside is a frame on its line, or in the hands of its port; no clock, no I/O.
 * Driven by `LiveServer`, which knows all sockets and moves the groups from commit to commit.
 */

import { Fault } from "../fault.ts";
import { shortHash } from "../json.ts";
import type { SyncFrame } from "./client-frames.ts";
import { atText, commitText, type FramePlace, resetText, watchText } from "./frame-text.ts";
import type { GroupNews, LiveGroup } from "./live-group.ts";
import { LIVE_LIMITS } from "./live-limits.ts";
import { watchTag } from "./live-query.ts";
import type { LiveCommit, LiveSource } from "./live-source.ts";
import { openingTexts } from "./opening-texts.ts";
import type { ResetReason } from "./server-frames.ts";
import { type LinePort, SocketLine } from "./socket-line.ts";
import { maySend, reopenWatch, type SocketState, type WatchState } from "./socket-state.ts";
import { CLOSE } from "./wire-schema.ts";

export interface SessionPort extends LinePort {
  readonly source: LiveSource;
  /** Seq up to which the groups have been moved. */
  readonly seq: () => number;
  /** Whether so many bytes of a snapshot may wait to be sent. */
  readonly mayHold: (bytes: number) => boolean;
  /** A failure that is no answer: logged. */
  readonly defect: (error: unknown) => void;
  readonly leave: (group: LiveGroup, watch: WatchState) => void;
  /** Whether the scopes of this socket are known now; where not, they have been asked for, and `pump` follows ([RV2] [RV4]). */
  readonly hasScopes: () => boolean;
}

export class LiveSession {
  readonly state: SocketState;
  readonly line: SocketLine;
  readonly #port: SessionPort;
  readonly #groups = new Map<number, LiveGroup>();
  readonly #kindsTold = new Set<string>();

  constructor(state: SocketState, port: SessionPort) {
    this.state = state;
    this.#port = port;
    this.line = new SocketLine(state, port, () => {
      for (const { id } of [...state.watches]) this.detach(id);
    });
  }

  groupOf(watch: WatchState): LiveGroup | undefined {
    return this.#groups.get(watch.id);
  }

  /** A watch, new or remembered from before sleep. */
  attach(watch: WatchState, group: LiveGroup): void {
    this.#groups.set(watch.id, group);
    if (!this.state.watches.includes(watch)) this.state.watches.push(watch);
  }

  detach(id: number): void {
    const watch = this.state.watches.find((each) => each.id === id);
    const group = this.#groups.get(id);
    if (watch === undefined) return;
    if (watch.phase === "sending") this.line.hold([]);
    this.state.watches = this.state.watches.filter((each) => each !== watch);
    this.#groups.delete(id);
    if (group !== undefined) this.#port.leave(group, watch);
  }

  /** Another group in place of a watch's: its scope is another one. What it held of a snapshot is let go. */
  move(watch: WatchState, group: LiveGroup, set: string): void {
    if (watch.phase === "sending") this.line.hold([]);
    watch.key = group.key;
    watch.set = set;
    watch.tag = watchTag(group.tag, set);
    this.#groups.set(watch.id, group);
  }

  /** What a watch shows, or was about to, is of another scope: it begins anew ([RV3]). One that has not begun needs no reset. */
  resetScope(watch: WatchState): void {
    if (watch.phase !== "opening" || watch.reset !== undefined) reopenWatch(watch, "scope");
  }

  /** Whether news could be sent now. */
  get mayTell(): boolean {
    return !this.state.isLagging && this.line.isFree;
  }

  /** What a change of scope means, where no commit caused it ([RV3]): the position stays. */
  tellScope(news: readonly { readonly watch: WatchState; readonly group: GroupNews }[]): void {
    const { state } = this;
    if (state.position !== this.#port.seq()) this.#sendAt({});
    const head = { seq: this.#port.seq(), at: this.#port.nowMs(), txid: null, parts: [] };
    const texts = news.map(({ watch, group }) => watchText(watch.id, group, false));
    const text = commitText(head, { prev: state.position ?? 0 }, texts);
    if (text.length <= LIVE_LIMITS.commitFrameBytes) this.line.send(text);
    else for (const { watch } of news) reopenWatch(watch, "scope");
  }

  /** Asks for a snapshot of every watch, told as a reset. */
  resetAll(reason: ResetReason): void {
    for (const watch of this.state.watches) reopenWatch(watch, reason);
  }

  sync(frame: SyncFrame): void {
    const { seq, txid } = frame;
    const before = this.#port.source.unsettled();
    this.state.syncs.push({ ...(seq === undefined ? {} : { seq }), ...(txid === undefined ? {} : { txid }), before });
    if (this.state.syncs.length > LIVE_LIMITS.syncs) this.line.end(CLOSE.overloaded, "too many questions");
  }

  /** The news of a commit for some of the watches; a socket that cannot take it remembers its position only. */
  commit(commit: LiveCommit, news: readonly { readonly watch: WatchState; readonly group: GroupNews }[]): void {
    const { state } = this;
    if (this.line.isClosed) return;
    if (!this.#port.hasScopes()) {
      state.isLagging = true;
      return;
    }
    // What is withdrawn is told before what comes next.
    if (!this.mayTell || !this.#tellResets() || !this.mayTell) {
      this.#lag();
      return;
    }
    const isWriter = commit.actor !== null && commit.actor === state.who;
    const texts: string[] = [];
    for (const { watch, group } of news) {
      // It may have ended, or begun anew, when its scope was looked at.
      if (watch.phase !== "live" || !this.#groups.has(watch.id)) continue;
      if (group.aggregate !== undefined) {
        const hash = shortHash(group.aggregate);
        if (hash === watch.aggregate) continue;
        watch.aggregate = hash;
      }
      texts.push(watchText(watch.id, group, isWriter));
    }
    if (texts.length > 0) this.#sendCommit(commit, texts);
  }

  /** Lets the position pass commits that the socket did not see ([WS7]). */
  passInvisible(): void {
    const { state } = this;
    const behind = this.#port.seq() - (state.position ?? 0);
    if (state.position === null || !this.mayTell) return;
    if (behind >= LIVE_LIMITS.invisibleCommits) this.#sendAt({});
  }

  /** Goes on as far as flow control allows: what is held, what was missed, watches that wait, questions. */
  pump(): void {
    while (!this.line.isClosed) {
      if (!this.#flush()) return;
      const isComputing = this.state.isLagging || this.state.watches.some(({ phase }) => phase === "opening");
      if (isComputing && !this.#port.hasScopes()) return;
      if (this.state.isLagging && !this.#catchUp()) return;
      const next = this.state.watches.find(({ phase }) => phase === "opening");
      if (next === undefined) break;
      if (!this.#tellResets() || !maySend(this.state)) return;
      if (!this.#open(next)) return;
    }
    this.#answerSyncs();
  }

  /** Something is to be done as soon as others, or the ledger, allow it. */
  get isWaiting(): boolean {
    const { phase, watches, syncs } = this.state;
    return phase === "open" && (syncs.length > 0 || watches.some((each) => each.phase === "opening"));
  }

  /** A socket to which nothing was acknowledged for long is struck ([WS11]). */
  #lag(): void {
    this.state.isLagging = true;
    if (this.#port.nowMs() - this.state.ackedAtMs > LIVE_LIMITS.lagMs)
      this.line.end(CLOSE.overloaded, "too slow", 1000);
  }

  #sendCommit(commit: LiveCommit, texts: readonly string[]): void {
    const { state } = this;
    const text = commitText({ ...commit, parts: this.#partsOf(commit) }, { prev: state.position ?? 0 }, texts);
    if (text.length > LIVE_LIMITS.commitFrameBytes) {
      this.resetAll("slow-consumer");
      return;
    }
    state.position = commit.seq;
    this.line.send(text);
  }

  /** Names of objects that the caller may read ([CC1]). */
  #partsOf({ parts }: LiveCommit): readonly string[] {
    return (parts ?? []).filter((name) => this.state.objects.includes(name));
  }

  #flush(): boolean {
    if (!this.line.flush()) return false;
    for (const watch of this.state.watches) if (watch.phase === "sending") watch.phase = "live";
    return true;
  }

  /** The commits that were remembered by position only; false when flow control stops it again. */
  #catchUp(): boolean {
    const { state } = this;
    const { source } = this.#port;
    const commits = source.commits(state.position ?? 0, {
      commits: LIVE_LIMITS.replayCommits,
      bytes: LIVE_LIMITS.replayBytes,
    });
    if (commits === null) this.resetAll("slow-consumer");
    // What a window or an aggregate showed at a past commit is not known any more. It is reset before the position passes that commit:
    // a client that breaks off in between must not resume it from there.
    for (const watch of state.watches) {
      const group = this.#groups.get(watch.id);
      const isTouched = group?.isKept === true && commits?.some((commit) => group.touches(commit.changes)) === true;
      if (isTouched && watch.phase === "live") reopenWatch(watch, "slow-consumer");
    }
    if (!this.#tellResets()) return false;
    for (const commit of commits ?? []) {
      const texts = this.#replayTexts(commit);
      if (texts.length === 0) continue;
      if (!maySend(state)) return false;
      this.#sendCommit(commit, texts);
    }
    state.isLagging = false;
    return true;
  }

  #replayTexts(commit: LiveCommit): string[] {
    const isWriter = commit.actor !== null && commit.actor === this.state.who;
    return this.state.watches.flatMap((watch) => {
      const group = this.#groups.get(watch.id);
      if (group === undefined || watch.phase !== "live") return [];
      if (group.isKept) return [];
      const news = group.replay(commit.changes, commit.seq);
      return news === null ? [] : [watchText(watch.id, news, isWriter)];
    });
  }

  /** All resets before the first snapshot: the position then moves for every watch ([WS4]). */
  #tellResets(): boolean {
    for (const watch of this.state.watches) {
      if (watch.reset === undefined) continue;
      if (!maySend(this.state)) return false;
      this.line.send(resetText(watch.id, watch.reset));
      delete watch.reset;
      delete watch.since;
      delete watch.skipExisting;
    }
    return true;
  }

  /** Opens a watch whose turn has come; false when it has to wait. */
  #open(watch: WatchState): boolean {
    const group = this.#groups.get(watch.id);
    if (group === undefined) return true;
    try {
      const texts = openingTexts(watch, group, {
        source: this.#port.source,
        place: this.#placeOf(watch),
        who: this.state.who,
        partsOf: (commit) => this.#partsOf(commit),
        kindsTold: this.#kindsTold,
      });
      if (!this.#port.mayHold(texts.reduce((sum, text) => sum + text.length, 0))) return false;
      delete watch.since;
      delete watch.skipExisting;
      this.line.hold(texts);
      watch.phase = "sending";
      this.state.position = this.#port.seq();
    } catch (error) {
      if (!(error instanceof Fault)) this.#port.defect(error);
      this.detach(watch.id);
      this.line.problem(error instanceof Fault ? error.data : { slug: "internal-error" }, watch.id);
    }
    return true;
  }

  #placeOf({ id, tag }: WatchState): FramePlace {
    const { source, seq } = this.#port;
    const key = source.table(this.#groups.get(id)?.query.table ?? "")?.spec.primaryKey ?? "id";
    return { key, id, object: source.object, epoch: source.epoch, prev: this.state.position, seq: seq(), tag };
  }

  #answerSyncs(): void {
    const waiting = this.state.syncs;
    this.state.syncs = [];
    const { source } = this.#port;
    for (const waits of waiting) {
      const { seq, txid, before } = waits;
      const txSeq = txid === undefined ? null : source.settledAt(txid);
      const isEarly = (seq ?? 0) > this.#port.seq() || txSeq === undefined;
      const isUnsettled = before.some((each) => source.settledAt(each) === undefined);
      if (isEarly || isUnsettled || !maySend(this.state)) this.state.syncs.push(waits);
      else this.#sendAt(txid === undefined ? {} : { txid, txSeq: txSeq ?? null });
    }
  }

  #sendAt(sync: { readonly txid?: string; readonly txSeq?: number | null }): void {
    const { state } = this;
    const text = atText(state.position, this.#port.seq(), sync);
    state.position = this.#port.seq();
    this.line.send(text);
  }
}
