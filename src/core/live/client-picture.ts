/**
 * What a client shows of several objects: only states closed under transactions ([CC2]–[CC5]). Commits are buffered by object and shown
 * in the smallest closed cuts; a new watch joins when the other objects have caught up with its snapshot; what was reset is replaced
 * in the very step in which the rest has come as far, so the last closed state stays until then. No I/O; fed by `ClientSession`s. Its
 * lines are one machine's.
 */

import { closedCut, missingParts, type WatchedObject } from "../commit/closed-cut.ts";
import type { ObjectName, RowId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { ClientCommit, ClientEvent, WatchPlace } from "./client-event.ts";
import { CLIENT_LIMITS } from "./client-limits.ts";
import { applyNews, type LiveView, openView, type ViewChange, type ViewStep } from "./live-view.ts";
import { parseSince, printSince } from "./position.ts";
import type { WatchNews } from "./server-frames.ts";

export interface PicturePort {
  readonly consistency: "transaction" | "object";
  /** Asks an object for `at`; false when it cannot be asked now. */
  readonly sync: (object: ObjectName, question: { readonly txid: string }) => boolean;
  readonly idOf: (watch: string, row: JsonObject) => RowId;
  /** The views of these watches changed, all at once; what happened to each, in order. */
  readonly shown: (watches: Shown) => void;
  /** So much of an object waits to be shown that its watches are to be opened anew ([CC4]): its socket is to be. */
  readonly reopen: (object: ObjectName) => void;
}

export type Shown = ReadonlyMap<string, readonly ViewStep[]>;

/** How far others must have come; a text is the question to which they have not answered. */
type Needs = Map<ObjectName, number | string>;

/** What is to be shown; `needs` where a change of scope brings rows of earlier commits, which may be parts of transactions ([RV3]). */
type Buffered = ClientCommit & { readonly needs?: Needs };

interface ObjectState {
  epoch: string;
  shownSeq: number;
  buffered: Buffered[];
  /** Watches whose replay, or snapshot, has not come since the socket was lost: the object does not move. */
  readonly recovering: Set<string>;
}

interface WatchState {
  readonly key: string;
  /** From where it begins, given by whoever holds the rows up to there; null once something is shown. */
  start: string | null;
  object: ObjectName | null;
  tag: string;
  view: LiveView | null;
  /** A snapshot that is not shown yet. */
  next: { readonly view: LiveView; readonly seq: number; readonly needs: Needs } | null;
  /** What is shown has been reset, and stays until `next` can take its place. */
  isReplacing: boolean;
}

type Cut = ReadonlyMap<ObjectName, number>;

/** Of what lacks rows that were withdrawn before the frame that says so could be shown: no scope has it, so nobody resumes from there. */
const NO_SCOPE = "00000000";

export class ClientPicture {
  readonly #port: PicturePort;
  readonly #objects = new Map<ObjectName, ObjectState>();
  readonly #watches = new Map<string, WatchState>();
  readonly #settled = new Map<string, number | null>();
  readonly #asked = new Set<string>();
  #nonce = 0;

  constructor(port: PicturePort) {
    this.#port = port;
  }

  /**
   * `start`: `epoch:seq:tag` up to which its rows are held elsewhere; only what comes after is shown. `view`: what another picture showed of
   * it up to there, which goes on here.
   */
  add(key: string, start: string | null = null, view: LiveView | null = null): void {
    this.#watches.set(key, { key, start, object: null, tag: "", view, next: null, isReplacing: false });
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
    const object = watch?.object == null ? undefined : this.#objects.get(watch.object);
    if (watch === undefined || watch.isReplacing) return null;
    if (object === undefined || watch.view === null) return watch.start;
    return printSince({ epoch: object.epoch, seq: object.shownSeq, tag: watch.tag });
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
    const buffered = this.#objects.get(name)?.buffered ?? [];
    if (!buffered.some((held) => held.seq === seq)) return;
    const touched = new Map<string, ViewStep[]>();
    for (const [key, { changes }] of news) {
      const watch = this.#watches.get(key);
      const gone = new Set(changes.map(({ why, rowId }) => (why === "scope" ? rowId : undefined)));
      gone.delete(undefined);
      if (watch === undefined || gone.size === 0) continue;
      watch.tag = NO_SCOPE;
      const removed: ViewChange[] = [];
      for (const id of gone as Set<RowId>) {
        const previous = watch.view?.rows.get(id)?.row;
        for (const view of [watch.view, watch.next?.view]) view?.rows.delete(id);
        if (previous !== undefined) removed.push({ op: "removed", id, previous, why: "scope" });
      }
      if (removed.length > 0)
        touched.set(key, [{ kind: "commit", seq: this.shownSeq(name) ?? 0, at, changes: removed }]);
      for (const [index, held] of buffered.entries()) {
        const before = held.news.get(key);
        if (before === undefined || held.seq > seq) continue;
        const kept = before.changes.filter(
          ({ row, rowId }) => !gone.has(row === undefined ? rowId : this.#port.idOf(key, row)),
        );
        // Only with its own frame it is of a scope again.
        const left = held.seq === seq ? { ...before, changes: kept } : { id: 0, changes: kept };
        buffered[index] = { ...held, news: new Map(held.news).set(key, left) };
      }
    }
    if (touched.size > 0) this.#port.shown(touched);
  }

  #takeSnapshot(event: Extract<ClientEvent, { kind: "snapshot" }>): void {
    const watch = this.#watches.get(event.watch);
    if (watch === undefined) return;
    const object = this.#place(watch, event);
    object.recovering.delete(watch.key);
    this.#merge(object, { seq: event.seq, at: 0, news: new Map() });
    // Also its own object: others may show transactions that came after this snapshot.
    const needs = this.#needsOf(this.#objects.size === 1 ? [] : this.#objects.keys());
    watch.start = null;
    watch.next = { view: openView(event, (row) => this.#port.idOf(watch.key, row)), seq: event.seq, needs };
  }

  /** Each of these objects is to say where it stands. */
  #needsOf(names: Iterable<ObjectName>): Needs {
    if (this.#port.consistency === "object") return new Map();
    return new Map([...names].map((name) => [name, `?${this.#nonce++}`]));
  }

  #takeCommit(name: ObjectName, commit: ClientCommit): void {
    const showsOlder = [...commit.news.values()].some(
      ({ tag, changes }) => tag !== undefined && changes.some(({ op }) => op !== "removed"),
    );
    const others = [...this.#objects.keys()].filter((each) => each !== name);
    this.#buffer(name, showsOlder ? { ...commit, needs: this.#needsOf(others) } : commit);
  }

  #takeReplay(event: Extract<ClientEvent, { kind: "replayed" }>): void {
    const watch = this.#watches.get(event.watch);
    if (watch === undefined) return;
    // A watch that begins from a position is behind its object, which others may have brought further: it catches up by itself.
    const start = watch.object === null && watch.start !== null ? (parseSince(watch.start)?.seq ?? null) : null;
    const object = this.#place(watch, start === null ? event : { ...event, seq: start });
    if (watch.start !== null) watch.view ??= openView({ rows: [] }, (row) => this.#port.idOf(watch.key, row));
    watch.start = null;
    const touched = new Map<string, ViewStep[]>();
    for (const commit of event.commits) {
      const news = commit.news.get(watch.key);
      if (start === null || commit.seq > object.shownSeq) this.#merge(object, commit);
      else if (news !== undefined) this.#applyTo(watch, commit, news, touched);
    }
    this.#merge(object, { seq: event.seq, at: 0, news: new Map() });
    object.recovering.delete(watch.key);
    if (touched.size > 0) this.#port.shown(touched);
  }

  /** The object of a watch, as the event tells it. Another epoch is another history: nothing of the old one goes on. */
  #place(watch: WatchState, { object: name, epoch, seq, tag }: WatchPlace): ObjectState {
    watch.object = name;
    watch.tag = tag;
    let object = this.#objects.get(name);
    if (object === undefined || object.epoch !== epoch) {
      this.#forgetHistory(watch, name);
      const recovering = object?.recovering ?? new Set<string>();
      object = { epoch, shownSeq: seq, buffered: [], recovering };
      this.#objects.set(name, object);
    }
    return object;
  }

  /** An object begins anew: positions of its old history that something waits for would never be reached, and are asked for again. */
  #forgetHistory(watch: WatchState, name: ObjectName): void {
    for (const known of [this.#settled, this.#asked])
      for (const question of [...known.keys()]) if (question.startsWith(`${name} `)) known.delete(question);
    this.#setNeeds(name, () => `?${this.#nonce++}`);
    for (const other of this.#watches.values()) {
      if (other.object !== name || other === watch) continue;
      other.next = null;
      other.isReplacing = other.view !== null;
    }
  }

  #buffer(name: ObjectName, commit: Buffered): void {
    const object = this.#objects.get(name);
    if (object === undefined) return;
    this.#merge(object, commit);
  }

  /** What waits has become too much: all of it is let go, and comes again as snapshots. What is shown stays until then. */
  #bound(): void {
    for (const [name, object] of this.#objects) {
      if (object.buffered.length <= CLIENT_LIMITS.bufferedCommits) continue;
      object.buffered = [];
      for (const watch of this.#watches.values()) {
        if (watch.object !== name) continue;
        watch.next = null;
        watch.isReplacing = watch.view !== null;
        object.recovering.add(watch.key);
      }
      this.#port.reopen(name);
    }
  }

  /** A commit comes in pieces after a reconnect: each watch replays its own part of it. */
  #merge(object: ObjectState, commit: Buffered): void {
    if (commit.seq < object.shownSeq || (commit.seq === object.shownSeq && commit.news.size === 0)) return;
    const at = object.buffered.findIndex(({ seq }) => seq >= commit.seq);
    const held = object.buffered[at];
    if (at < 0) object.buffered.push(commit);
    else if (held?.seq !== commit.seq) object.buffered.splice(at, 0, commit);
    else object.buffered[at] = joined(held, commit);
  }

  #takeAt({ object: name, seq, txid, txSeq }: Extract<ClientEvent, { kind: "at" }>): void {
    this.#buffer(name, { seq, at: 0, news: new Map() });
    if (txid === undefined) return;
    this.#settled.set(`${name} ${txid}`, txSeq ?? null);
    this.#setNeeds(name, (need) => (need === txid ? seq : need));
  }

  #setNeeds(name: ObjectName, to: (need: number | string) => number | string): void {
    for (const needs of this.#needs()) {
      const need = needs.get(name);
      if (need !== undefined) needs.set(name, to(need));
    }
  }

  /** Of all that waits. */
  #needs(): Needs[] {
    const waiting = [...this.#objects.values()].flatMap(({ buffered }) => buffered.flatMap(({ needs = [] }) => needs));
    return [...waiting, ...[...this.#watches.values()].flatMap(({ next }) => next?.needs ?? [])];
  }

  #takeReset(key: string, purge: boolean): void {
    const watch = this.#watches.get(key);
    if (watch === undefined) return;
    watch.next = null;
    watch.start = null;
    // What waits of it came before the snapshot that follows, maybe under another scope.
    for (const { buffered } of this.#objects.values())
      for (const [at, commit] of buffered.entries())
        if (commit.news.has(key))
          buffered[at] = { ...commit, news: new Map([...commit.news].filter(([each]) => each !== key)) };
    if (!purge) {
      watch.isReplacing = watch.view !== null;
      return;
    }
    const wasShown = watch.view !== null;
    watch.view = null;
    watch.isReplacing = false;
    if (wasShown) this.#port.shown(new Map([[key, [{ kind: "replaced", seq: 0, after: null }]]]));
  }

  #takeLoss({ object: name, watches: keys, isFinal }: Extract<ClientEvent, { kind: "lost" }>): void {
    // Questions went with the socket.
    for (const question of [...this.#asked]) if (question.startsWith(`${name} `)) this.#asked.delete(question);
    for (const key of keys) {
      const watch = this.#watches.get(key);
      const object = watch?.object == null ? undefined : this.#objects.get(watch.object);
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
    if (!this.isWaiting) {
      this.#settled.clear();
      this.#asked.clear();
    }
    this.#ask();
    const cuts = this.#cuts();
    const replacing = [...this.#watches.values()].filter(({ isReplacing }) => isReplacing);
    if (replacing.length === 0) {
      this.#show([]);
      for (const cut of cuts) this.#show([cut]);
      return;
    }
    // Nothing moves until what was reset can be replaced in the same step.
    const ahead = new Map([...this.#objects].map(([name, { shownSeq }]) => [name, shownSeq]));
    const taken = new Map<ObjectName, number>();
    for (let count = 0; count <= cuts.length; count++) {
      if (replacing.every((watch) => this.#canJoin(watch, (name) => ahead.get(name)))) {
        this.#show(cuts.slice(0, count));
        this.#advance();
        return;
      }
      for (const [name, more] of cuts[count] ?? []) {
        const total = (taken.get(name) ?? 0) + more;
        taken.set(name, total);
        ahead.set(name, this.#objects.get(name)?.buffered[total - 1]?.seq ?? 0);
      }
    }
  }

  /** Every closed step that what is buffered allows, in order; each counts from the one before. */
  #cuts(): Cut[] {
    const rest = new Map<ObjectName, WatchedObject<Buffered>>();
    for (const [name, { shownSeq, buffered, recovering }] of this.#objects)
      rest.set(name, { shownSeq, buffered: recovering.size > 0 ? [] : buffered });
    if (this.#port.consistency === "object")
      return [...rest].flatMap(([name, { buffered }]) => buffered.map(() => new Map([[name, 1]])));
    const cuts: Cut[] = [];
    for (;;) {
      const cut = closedCut(rest, (name, txid) => this.#settled.get(`${name} ${txid}`));
      if (cut === null) return cuts;
      cuts.push(cut);
      for (const [name, count] of cut) {
        const object = rest.get(name);
        if (object === undefined) continue;
        const shownSeq = object.buffered[count - 1]?.seq ?? object.shownSeq;
        rest.set(name, { shownSeq, buffered: object.buffered.slice(count) });
      }
    }
  }

  #show(cuts: readonly Cut[]): void {
    const touched = new Map<string, ViewStep[]>();
    for (const cut of cuts)
      for (const [name, count] of cut) {
        const object = this.#objects.get(name);
        for (const commit of object?.buffered.splice(0, count) ?? [])
          this.#apply(object as ObjectState, commit, touched);
      }
    this.#join(touched);
    if (touched.size > 0) this.#port.shown(touched);
  }

  #apply(object: ObjectState, commit: ClientCommit, touched: Map<string, ViewStep[]>): void {
    object.shownSeq = Math.max(object.shownSeq, commit.seq);
    for (const [key, news] of commit.news) {
      const watch = this.#watches.get(key);
      if (watch !== undefined) this.#applyTo(watch, commit, news, touched);
    }
  }

  #applyTo(
    watch: WatchState,
    { seq, at, txid }: ClientCommit,
    news: WatchNews,
    touched: Map<string, ViewStep[]>,
  ): void {
    const idOf = (row: JsonObject) => this.#port.idOf(watch.key, row);
    if (news.tag !== undefined) watch.tag = news.tag;
    if (watch.next !== null && seq >= watch.next.seq) applyNews(watch.next.view, news, idOf);
    if (watch.view === null || watch.isReplacing) return;
    const changes = applyNews(watch.view, news, idOf);
    told(touched, watch.key, { kind: "commit", seq, at, ...(txid === undefined ? {} : { txid }), changes });
  }

  /** Watches whose snapshot the rest has caught up with. */
  #join(touched: Map<string, ViewStep[]>): void {
    for (const watch of this.#watches.values()) {
      if (!this.#canJoin(watch, (name) => this.#objects.get(name)?.shownSeq)) continue;
      watch.view = watch.next?.view ?? null;
      watch.next = null;
      watch.isReplacing = false;
      const seq = watch.object === null ? 0 : (this.#objects.get(watch.object)?.shownSeq ?? 0);
      told(touched, watch.key, { kind: "replaced", seq, after: watch.view });
    }
  }

  #canJoin({ object, next }: WatchState, shownSeq: (name: ObjectName) => number | undefined): boolean {
    if (next === null || object === null || (shownSeq(object) ?? -1) < next.seq) return false;
    return [...next.needs].every(([name, need]) => {
      const shown = shownSeq(name);
      return shown === undefined || (typeof need === "number" && shown >= need);
    });
  }

  #ask(): void {
    const ask = (object: ObjectName, txid: string) => {
      const question = `${object} ${txid}`;
      if (!this.#asked.has(question) && this.#port.sync(object, { txid })) this.#asked.add(question);
    };
    for (const needs of this.#needs())
      for (const [object, need] of needs) if (typeof need === "string") ask(object, need);
    if (this.#port.consistency === "object") return;
    for (const { object, txid } of missingParts(this.#objects, (name, txid) => this.#settled.get(`${name} ${txid}`)))
      ask(object, txid);
  }
}

function told(touched: Map<string, ViewStep[]>, key: string, step: ViewStep): void {
  const steps = touched.get(key);
  if (steps === undefined) touched.set(key, [step]);
  else steps.push(step);
}

/** Two pieces of one commit; one that only says where the object stands tells nothing else. */
function joined(a: Buffered, b: Buffered): Buffered {
  const [less, more] = a.news.size === 0 ? [a, b] : [b, a];
  const news = new Map(a.news);
  for (const [key, later] of b.news) {
    // A change of scope has the seq of the commit before it ([RV3]).
    const earlier = news.get(key);
    news.set(
      key,
      earlier === undefined ? later : { ...earlier, ...later, changes: [...earlier.changes, ...later.changes] },
    );
  }
  const needs = new Map([...(a.needs ?? []), ...(b.needs ?? [])]);
  return { ...less, ...more, news, needs };
}
