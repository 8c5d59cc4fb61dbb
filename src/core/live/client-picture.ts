/**
 * What a client shows of several objects: only states closed under transactions ([CC2]–[CC5]). Commits are buffered by object and shown
 * in the smallest closed cuts; a new watch joins when the other objects have caught up with its snapshot; what was reset is replaced
 * in the very step in which the rest has come as far, so the last closed state stays until then. No I/O; fed by `ClientSession`s. Its
 * lines are one machine's.
 */

import type { ObjectName, RowId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { ClientCommit, ClientEvent, WatchPlace } from "./client-event.ts";
import { CLIENT_LIMITS } from "./client-limits.ts";
import { closedSteps, type Step, stepsUntil } from "./closed-steps.ts";
import {
  bringsOlderRows,
  mergeCommit,
  type Needs,
  type ObjectState,
  strikeRows,
  strikeWatch,
} from "./commit-buffer.ts";
import { type LiveView, noteStep, openView, type Shown, type ViewStep } from "./live-view.ts";
import { type AskObject, ObjectQuestions } from "./object-questions.ts";
import {
  applyCommit,
  awaitSnapshot,
  canJoin,
  goneWithScope,
  type PicturedWatch,
  replaceView,
  withdrawRows,
} from "./pictured-watch.ts";
import { parseSince, printSince } from "./position.ts";

export interface PicturePort {
  readonly consistency: "transaction" | "object";
  readonly sync: AskObject;
  readonly idOf: (watch: string, row: JsonObject) => RowId;
  /** The views of these watches changed, all at once; what happened to each, in order. */
  readonly shown: (watches: Shown) => void;
  /** So much of an object waits to be shown that its watches are to be opened anew ([CC4]): its socket is to be. */
  readonly reopen: (object: ObjectName) => void;
}

export class ClientPicture {
  readonly #port: PicturePort;
  readonly #objects = new Map<ObjectName, ObjectState>();
  readonly #watches = new Map<string, PicturedWatch>();
  /** Null where each object is shown by itself: nothing waits for another. */
  readonly #questions: ObjectQuestions | null;

  constructor(port: PicturePort) {
    this.#port = port;
    this.#questions = port.consistency === "object" ? null : new ObjectQuestions(port.sync);
  }

  /**
   * `start`: `epoch:seq:tag` up to which its rows are held elsewhere; only what comes after is shown. `view`: what another picture showed of
   * it up to there, which goes on here.
   */
  add(key: string, start: string | null = null, view: LiveView | null = null): void {
    const idOf = (row: JsonObject) => this.#port.idOf(key, row);
    this.#watches.set(key, { key, idOf, start, object: null, tag: "", view, next: null, isReplacing: false });
  }

  remove(key: string): void {
    const watch = this.#watches.get(key);
    this.#watches.delete(key);
    if (watch?.object == null) return;
    this.#objects.get(watch.object)?.recovering.delete(key);
    if (![...this.#watches.values()].some(({ object }) => object === watch.object)) this.#objects.delete(watch.object);
    this.#advance();
  }

  /** Null while nothing is shown. */
  viewOf(watch: string): LiveView | null {
    return this.#watches.get(watch)?.view ?? null;
  }

  shownSeq(object: ObjectName): number | null {
    return this.#objects.get(object)?.shownSeq ?? null;
  }

  epochOf(object: ObjectName): string | null {
    return this.#objects.get(object)?.epoch ?? null;
  }

  /** `epoch:seq:tag` from which a watch can go on; null where it has to begin anew. */
  sinceOf(key: string): string | null {
    const watch = this.#watches.get(key);
    const object = this.#objectOf(watch);
    if (watch === undefined || watch.isReplacing) return null;
    if (object === undefined || watch.view === null) return watch.start;
    return printSince({ epoch: object.epoch, seq: object.shownSeq, tag: watch.tag });
  }

  #objectOf(watch: PicturedWatch | undefined): ObjectState | undefined {
    return watch?.object == null ? undefined : this.#objects.get(watch.object);
  }

  /** Whether something came that cannot be shown yet. */
  get isWaiting(): boolean {
    return (
      [...this.#objects.values()].some(({ buffered }) => buffered.length > 0) ||
      [...this.#watches.values()].some(({ next, isReplacing }) => next !== null || isReplacing)
    );
  }

  take(event: ClientEvent): void {
    switch (event.kind) {
      case "snapshot":
        this.#takeSnapshot(event);
        break;
      case "replayed":
        this.#takeReplay(event);
        break;
      case "commit":
        this.#takeCommit(event.object, event.commit);
        break;
      case "at":
        this.#takeAt(event);
        break;
      case "reset":
        this.#takeReset(event.watch, event.purge);
        break;
      case "lost":
        this.#takeLoss(event);
        break;
      case "told":
        break;
      case "error":
        if (event.watch !== undefined) this.remove(event.watch);
        break;
    }
    this.#advance();
    if (event.kind === "commit") this.#withdraw(event.object, event.commit);
    this.#bound();
  }

  /** A frame waits: rows that a change of scope took away go now, from what is shown and from all that waits before it ([RV3]). */
  #withdraw(name: ObjectName, { seq, at, news }: ClientCommit): void {
    const object = this.#objects.get(name);
    if (object?.buffered.some((held) => held.seq === seq) !== true) return;
    const touched = new Map<string, ViewStep[]>();
    for (const [key, told] of news) {
      const watch = this.#watches.get(key);
      const gone = goneWithScope(told);
      if (watch === undefined || gone.size === 0) continue;
      const changes = withdrawRows(watch, gone);
      if (changes.length > 0) noteStep(touched, key, { kind: "commit", seq: object.shownSeq, at, changes });
      strikeRows(object, watch, gone, seq);
    }
    if (touched.size > 0) this.#port.shown(touched);
  }

  #takeSnapshot(event: Extract<ClientEvent, { kind: "snapshot" }>): void {
    const watch = this.#watches.get(event.watch);
    if (watch === undefined) return;
    const object = this.#place(watch, event);
    object.recovering.delete(watch.key);
    mergeCommit(object, { seq: event.seq, at: 0, news: new Map() });
    // Also its own object: others may show transactions that came after this snapshot.
    const needs = this.#needsOf(this.#objects.size === 1 ? [] : this.#objects.keys());
    watch.start = null;
    watch.next = { view: openView(event, watch.idOf), seq: event.seq, needs };
  }

  #needsOf(names: Iterable<ObjectName>): Needs {
    return this.#questions?.needsOf(names) ?? new Map();
  }

  #takeCommit(name: ObjectName, commit: ClientCommit): void {
    const object = this.#objects.get(name);
    if (object === undefined) return;
    const others = [...this.#objects.keys()].filter((each) => each !== name);
    mergeCommit(object, bringsOlderRows(commit) ? { ...commit, needs: this.#needsOf(others) } : commit);
  }

  #takeReplay(event: Extract<ClientEvent, { kind: "replayed" }>): void {
    const watch = this.#watches.get(event.watch);
    if (watch === undefined) return;
    // A watch that begins from a position is behind its object, which others may have brought further: it catches up by itself.
    const start = watch.object === null && watch.start !== null ? (parseSince(watch.start)?.seq ?? null) : null;
    const object = this.#place(watch, start === null ? event : { ...event, seq: start });
    if (watch.start !== null) watch.view ??= openView({ rows: [] }, watch.idOf);
    watch.start = null;
    const touched = new Map<string, ViewStep[]>();
    for (const commit of event.commits) {
      const news = commit.news.get(watch.key);
      if (start === null || commit.seq > object.shownSeq) mergeCommit(object, commit);
      else if (news !== undefined) noteStep(touched, watch.key, applyCommit(watch, commit, news));
    }
    mergeCommit(object, { seq: event.seq, at: 0, news: new Map() });
    object.recovering.delete(watch.key);
    if (touched.size > 0) this.#port.shown(touched);
  }

  /** The object of a watch, as the event tells it. Another epoch is another history: nothing of the old one goes on. */
  #place(watch: PicturedWatch, { object: name, epoch, seq, tag }: WatchPlace): ObjectState {
    watch.object = name;
    watch.tag = tag;
    let object = this.#objects.get(name);
    if (object === undefined || object.epoch !== epoch) {
      this.#questions?.renew(name, this.#waiting());
      for (const other of this.#watches.values()) if (other.object === name && other !== watch) awaitSnapshot(other);
      const recovering = object?.recovering ?? new Set<string>();
      object = { epoch, shownSeq: seq, buffered: [], recovering };
      this.#objects.set(name, object);
    }
    return object;
  }

  /** What waits has become too much: all of it is let go, and comes again as snapshots. What is shown stays until then. */
  #bound(): void {
    for (const [name, object] of this.#objects) {
      if (object.buffered.length <= CLIENT_LIMITS.bufferedCommits) continue;
      object.buffered = [];
      for (const watch of this.#watches.values()) {
        if (watch.object !== name) continue;
        awaitSnapshot(watch);
        object.recovering.add(watch.key);
      }
      this.#port.reopen(name);
    }
  }

  #takeAt({ object: name, seq, txid, txSeq }: Extract<ClientEvent, { kind: "at" }>): void {
    const object = this.#objects.get(name);
    if (object !== undefined) mergeCommit(object, { seq, at: 0, news: new Map() });
    if (txid !== undefined) this.#questions?.answer(name, txid, { seq, txSeq: txSeq ?? null }, this.#waiting());
  }

  /** The needs of all that waits. */
  #waiting(): Needs[] {
    const waiting = [...this.#objects.values()].flatMap(({ buffered }) => buffered.flatMap(({ needs = [] }) => needs));
    return [...waiting, ...[...this.#watches.values()].flatMap(({ next }) => next?.needs ?? [])];
  }

  #takeReset(key: string, purge: boolean): void {
    const watch = this.#watches.get(key);
    if (watch === undefined) return;
    for (const object of this.#objects.values()) strikeWatch(object, key);
    watch.start = null;
    awaitSnapshot(watch);
    if (purge && watch.isReplacing) this.#port.shown(new Map([[key, [replaceView(watch, 0)]]]));
  }

  #takeLoss({ object: name, watches: keys, isFinal }: Extract<ClientEvent, { kind: "lost" }>): void {
    if (name !== null) this.#questions?.lose(name);
    for (const key of keys) {
      const watch = this.#watches.get(key);
      const object = this.#objectOf(watch);
      if (watch === undefined) continue;
      watch.next = null;
      if (object === undefined) continue;
      object.buffered = [];
      object.recovering.add(key);
      if (!isFinal || watch.object === null) continue;
      // It answers nobody any more: what it shows stays, and nothing waits for it.
      watch.isReplacing = false;
      this.#objects.delete(watch.object);
    }
  }

  #advance(): void {
    if (!this.isWaiting) this.#questions?.clear();
    this.#questions?.ask(this.#objects, this.#waiting());
    const steps = closedSteps(this.#objects, this.#questions?.answerOf ?? null);
    const replacing = [...this.#watches.values()].filter(({ isReplacing }) => isReplacing);
    if (replacing.length === 0) {
      this.#show([]);
      for (const step of steps) this.#show([step]);
      return;
    }
    // Nothing moves until what was reset can be replaced in the same step.
    const count = stepsUntil(this.#objects, steps, (shownSeq) => replacing.every((watch) => canJoin(watch, shownSeq)));
    if (count === null) return;
    this.#show(steps.slice(0, count));
    this.#advance();
  }

  #show(steps: readonly Step[]): void {
    const touched = new Map<string, ViewStep[]>();
    for (const step of steps)
      for (const [name, count] of step) {
        const object = this.#objects.get(name);
        if (object === undefined) continue;
        for (const commit of object.buffered.splice(0, count)) {
          object.shownSeq = Math.max(object.shownSeq, commit.seq);
          for (const [key, news] of commit.news) {
            const watch = this.#watches.get(key);
            if (watch !== undefined) noteStep(touched, key, applyCommit(watch, commit, news));
          }
        }
      }
    this.#join(touched);
    if (touched.size > 0) this.#port.shown(touched);
  }

  /** Watches whose snapshot the rest has caught up with. */
  #join(touched: Map<string, ViewStep[]>): void {
    for (const watch of this.#watches.values()) {
      if (!canJoin(watch, (name) => this.#objects.get(name)?.shownSeq)) continue;
      noteStep(touched, watch.key, replaceView(watch, this.#objectOf(watch)?.shownSeq ?? 0));
    }
  }
}
