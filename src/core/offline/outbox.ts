/**
 * The outbox of a browser, run by the one tab that leads: which entries leave, what their replies mean, when to try again. A state machine
 * without I/O. What it holds is what the storage holds: a change counts once it is saved, and is saved before anything follows from
 * it. Entries that were refused belong to the person; only the others are changed here. Its lines are one machine's.
 */

import type { JsonObject } from "../json.ts";
import { backoffMs } from "../live/backoff.ts";
import { type Conflict, findConflict, isFulfilled, type Resolution, resolveConflict } from "./conflict.ts";
import {
  caughtUp,
  type IsRevoked,
  isSelfGuarding,
  letGo,
  newer,
  onTop,
  rebased,
  withoutRevoked,
} from "./entry-changes.ts";
import { type AttemptReply, isConclusion, judgeReply, type Verdict } from "./judge-reply.ts";
import {
  changed,
  type Done,
  doneAt,
  type EntryChange,
  isSameRow,
  NOBODY,
  type OutboxEntry,
  QUEUED,
} from "./outbox-entry.ts";
import { OUTBOX_LIMITS, type OutboxPort, type Pause, type PresentRow } from "./outbox-port.ts";
import { sendable } from "./sendable.ts";
import { isFor } from "./yields-to.ts";

/** What is known of an entry beyond what is stored. */
interface Course {
  phase: "waiting" | "saving" | "sending" | "reading";
  /** Not before. */
  dueMs: number;
  /** When its last attempt left. */
  sentMs: number;
  /** Until then an earlier attempt may still take place. */
  doubtUntilMs: number;
  /** Some attempt since it was last queued has had no answer: it may have taken place. */
  mayHaveArrived: boolean;
  /** Another tab has sent it, which may think that it still leads: it is saved before it leaves, so that nothing that one concludes is. */
  isAnothers: boolean;
  /** How often the server has failed on it. */
  defects: number;
  /** Of its writes the one whose row is read. */
  at: number;
}

export class Outbox {
  readonly #port: OutboxPort;
  #entries: OutboxEntry[] = [];
  readonly #courses = new Map<string, Course>();
  /** News while the storage is being read; null: it is not. Nothing leaves until it has been. */
  #meanwhile: Map<string, OutboxEntry | null> | null = new Map();
  /** The highest place that is known of; none below it is missing once the storage has been read. */
  #lastPlace = 0;
  #isOnline = true;
  #isSignedOut = false;
  #toRevoke: IsRevoked[] = [];
  #principal: string | null = null;
  /** Attempts in a row without an answer of the server. */
  #losses = 0;
  /** Nothing leaves before. */
  #gateMs = 0;

  constructor(port: OutboxPort) {
    this.#port = port;
  }

  /** In the order of their places. */
  get entries(): readonly OutboxEntry[] {
    return this.#entries;
  }

  get pause(): Pause | null {
    if (!this.#isOnline) return "offline";
    if (this.#isSignedOut || this.#principal === NOBODY) return "signed-out";
    return this.#losses > 0 ? "unreachable" : null;
  }

  /** Keys of the entries that are under way. */
  get inFlight(): readonly string[] {
    return [...this.#courses.keys()].filter((key) => this.isInFlight(key));
  }

  isInFlight(key: string): boolean {
    const phase = this.#courses.get(key)?.phase;
    return phase === "sending" || phase === "reading";
  }

  start(): void {
    this.#reload();
  }

  /** Everything that the storage holds. What has left before may still be under way. */
  loaded(entries: readonly OutboxEntry[]): void {
    const before = new Map(this.#entries.map((entry) => [entry.key, entry]));
    const fresh = entries.map((entry) => newer(before.get(entry.key), entry));
    this.#entries = fresh.sort((a, b) => a.place - b.place);
    this.#lastPlace = Math.max(this.#lastPlace, this.#entries.at(-1)?.place ?? 0);
    for (const entry of fresh) if (before.get(entry.key)?.rev !== entry.rev) this.#learnSent(entry);
    const present = new Set(fresh.map(({ key }) => key));
    for (const key of this.#courses.keys()) if (!present.has(key)) this.#courses.delete(key);
    const meanwhile = this.#meanwhile;
    this.#meanwhile = null;
    for (const [key, entry] of meanwhile ?? []) this.#notice(key, entry);
    this.#revoke();
    this.#pump();
  }

  /** News of one entry, from whoever changed the storage; null: it was removed. */
  noticed(key: string, entry: OutboxEntry | null): void {
    // What is being loaded may be older than this.
    this.#meanwhile?.set(key, entry);
    this.#notice(key, entry);
    this.#pump();
  }

  connected(isOnline: boolean): void {
    this.#isOnline = isOnline;
    if (isOnline) this.#open();
    this.#pump();
  }

  /** Null: whoever it is; only what belongs to nobody in particular is sent. A sign-out is no reason to try again. */
  signedIn(principal: string | null): void {
    this.#principal = principal;
    if (principal !== NOBODY) {
      this.#isSignedOut = false;
      this.#open();
    }
    this.#pump();
  }

  tick(): void {
    this.#pump();
  }

  /** `isDone` false: the storage holds another revision of one of them, or cannot be written. */
  saved(changes: readonly EntryChange[], isDone: boolean): void {
    for (const { before } of changes) {
      const course = this.#courses.get(before.key);
      if (course?.phase !== "saving") continue;
      course.phase = "waiting";
      if (isDone) course.isAnothers = false;
      else course.dueMs = this.#port.elapsedMs() + OUTBOX_LIMITS.storageMs;
    }
    if (!isDone) {
      this.#reload();
      return;
    }
    for (const { before, after } of changes) {
      const index = this.#indexOf(before.key);
      if (index >= 0) this.#replace(index, after);
      // Somebody else may have signed in while it was saved: then it waits for the person who made it.
      if (before.state.kind === "queued" && after?.state.kind === "sent" && this.#isOurs(after)) this.#send(after);
    }
    this.#revoke();
    this.#pump();
  }

  replied(key: string, reply: AttemptReply): void {
    const course = this.#courses.get(key);
    const entry = this.#entries[this.#indexOf(key)];
    if (course?.phase !== "sending" || entry?.state.kind !== "sent") return;
    course.phase = "waiting";
    if (reply.kind === "lost") this.#lose();
    else this.#losses = 0;
    const verdict = judgeReply(entry, reply, course.defects);
    // By when it left, not when it is heard: a tab that slept hears of what was said before the earlier attempt took place.
    if (course.sentMs < course.doubtUntilMs && isConclusion(verdict, entry)) course.dueMs = course.doubtUntilMs;
    else {
      if (reply.kind === "problem" && reply.status === 500) course.defects++;
      this.#follow(entry, course, verdict);
    }
    this.#pump();
  }

  #follow(entry: OutboxEntry, course: Course, verdict: Verdict): void {
    const nowMs = this.#port.elapsedMs();
    switch (verdict.kind) {
      case "done":
        this.#finish(entry, verdict.state);
        break;
      case "again":
        if (verdict.mayHaveArrived) this.#doubt(course);
        course.dueMs = nowMs + (verdict.afterMs === null ? 0 : backoffMs(0, this.#port.random(), verdict.afterMs));
        if (!course.mayHaveArrived) this.#requeue(entry);
        break;
      case "signed-out":
        this.#isSignedOut = true;
        this.#gateMs = nowMs + OUTBOX_LIMITS.signedOutMs;
        this.#port.act({ kind: "sign-in" });
        if (!course.mayHaveArrived) this.#requeue(entry);
        break;
      case "conflict":
        this.#read(entry, verdict.at);
        break;
      case "fulfilled":
        // It may be this very transaction, done so long ago that the server has forgotten its key.
        if (this.#isForgotten(entry)) this.#refuse(entry, { status: 404, index: verdict.at });
        else this.#requeue(entry, entry.writes.toSpliced(verdict.at, 1));
        break;
      case "refused":
        this.#refuse(entry, verdict.problem);
        if (verdict.problem.status === 404) this.#gone(entry, verdict.problem.index);
        break;
    }
  }

  /** The row of a conflict; null: it could not be read. */
  found(key: string, present: PresentRow | null): void {
    const course = this.#courses.get(key);
    const entry = this.#entries[this.#indexOf(key)];
    const write = entry?.writes[course?.at ?? 0];
    if (course?.phase !== "reading" || entry === undefined || write === undefined) return;
    course.phase = "waiting";
    if (present === null) {
      this.#lose();
      this.#pump();
      return;
    }
    const conflict = findConflict(write, present.row);
    const isAlone = entry.writes.length === 1;
    // What was to go is gone; or this very write has taken place, so long ago that the server has forgotten its key.
    if (isAlone && isFulfilled(conflict)) {
      this.#finish(entry, doneAt(present.positions));
      return;
    }
    const resolution = this.#resolve(entry, conflict);
    if (resolution.kind === "send") {
      // No earlier attempt can take place any more: all of them carried the tag of a row that is gone.
      course.mayHaveArrived = false;
      this.#requeue(entry, onTop(entry, course.at, { ...present, values: resolution.values }));
    } else {
      const problem = {
        status: 412,
        code: "PRECONDITION_FAILED",
        title: "The row has changed",
        fields: conflict.fields,
        ...("detail" in resolution && { detail: resolution.detail }),
        ...(!isAlone && { index: course.at }),
      };
      this.#refuse(entry, problem, { present: present.row });
      if (present.row === null) this.#gone(entry, course.at);
    }
    this.#pump();
  }

  /** What the application decides by a function may fail: then a person decides, and reads why. */
  #resolve(entry: OutboxEntry, conflict: Conflict): Resolution | { readonly kind: "refuse"; readonly detail: string } {
    if (this.#isForgotten(entry)) return { kind: "refuse" };
    try {
      return resolveConflict(conflict, this.#port.policyOf(conflict.write.table));
    } catch (error) {
      return { kind: "refuse", detail: `The function of this table in conflicts has failed: ${error}` };
    }
  }

  /** Rows that are no longer this user's to see: nothing of what was shown of them is kept. What the user wrote is. */
  revoked(isRevoked: IsRevoked): void {
    this.#toRevoke.push(isRevoked);
    this.#revoke();
  }

  /** It does not exist any more, or not for this person. */
  #gone({ writes }: OutboxEntry, index: unknown): void {
    const gone = writes[writes.length === 1 ? 0 : Number(index)];
    if (gone !== undefined) this.revoked((row) => isSameRow(row, gone));
  }

  #revoke(): void {
    if (this.#toRevoke.length === 0 || this.#meanwhile !== null) return;
    const changes = withoutRevoked(this.#entries, (row) => this.#toRevoke.some((isRevoked) => isRevoked(row)));
    // Until all of it is saved it is looked at again.
    if (changes.length === 0) this.#toRevoke = [];
    else this.#save(changes);
  }

  #reload(): void {
    this.#meanwhile ??= new Map();
    this.#port.act({ kind: "reload" });
  }

  #notice(key: string, entry: OutboxEntry | null): void {
    const index = this.#indexOf(key);
    const held = this.#entries[index];
    const place = entry?.place ?? 0;
    // One between was written by a tab whose news has not come yet: it may have to go first.
    if (place > this.#lastPlace + 1 && this.#meanwhile === null) this.#reload();
    this.#lastPlace = Math.max(this.#lastPlace, place);
    if (entry === null) {
      if (held?.state.kind === "refused" || held?.state.kind === "done") this.#replace(index, null);
    } else if (held === undefined || entry.rev > held.rev) {
      if (held !== undefined) this.#replace(index, entry);
      else {
        this.#insert(entry);
        this.#save(caughtUp(this.#entries, entry));
      }
      this.#learnSent(entry);
    }
  }

  #pump(): void {
    if (this.#meanwhile !== null || !this.#isOnline) return;
    const nowMs = this.#port.elapsedMs();
    if (nowMs >= this.#gateMs) this.#isSignedOut = false;
    let inFlight = 0;
    for (const { phase } of this.#courses.values()) if (phase !== "waiting") inFlight++;
    // Where nothing has been answered of late, one attempt at a time finds out.
    const count = (this.#losses > 0 ? 1 : OUTBOX_LIMITS.inFlight) - inFlight;
    let nextMs = this.#gateMs;
    if (nowMs >= this.#gateMs) {
      nextMs = Number.POSITIVE_INFINITY;
      const may = (entry: OutboxEntry): boolean => {
        if (!this.#isOurs(entry)) return false;
        const course = this.#courses.get(entry.key);
        if (course === undefined) return true;
        if (course.phase === "waiting" && course.dueMs > nowMs) nextMs = Math.min(nextMs, course.dueMs);
        return course.phase === "waiting" && course.dueMs <= nowMs;
      };
      for (const entry of sendable(this.#entries, { count, may })) this.#start(entry);
    }
    if (nextMs > nowMs && nextMs < Number.POSITIVE_INFINITY) this.#port.act({ kind: "wake", afterMs: nextMs - nowMs });
  }

  #isOurs(entry: OutboxEntry): boolean {
    return isFor(entry, this.#principal);
  }

  #start(entry: OutboxEntry): void {
    if (entry.state.kind === "queued" || this.#courseOf(entry.key).isAnothers)
      this.#save([changed(entry, { state: { firstAtMs: this.#port.nowMs(), ...entry.state, kind: "sent" } })]);
    else if (!this.#isForgotten(entry) || isSelfGuarding(entry)) this.#send(entry);
    else if (entry.writes.length === 1 && entry.writes[0]?.op === "create") this.#read(entry, 0);
    else this.#refuse(entry, {});
  }

  #send(entry: OutboxEntry): void {
    Object.assign(this.#courseOf(entry.key), { phase: "sending", sentMs: this.#port.elapsedMs() });
    this.#port.act({ kind: "send", entry });
  }

  #read(entry: OutboxEntry, at: number): void {
    const write = entry.writes[at];
    if (write === undefined) return;
    Object.assign(this.#courseOf(entry.key), { phase: "reading", at });
    this.#port.act({ kind: "read", entry, write });
  }

  /** Without those of entries that are being saved: each change begins with what the storage holds. */
  #save(asked: readonly EntryChange[]): void {
    const changes = asked.filter(({ before }) => this.#courses.get(before.key)?.phase !== "saving");
    for (const { before } of changes) {
      const course = this.#courseOf(before.key);
      if (course.phase === "waiting") course.phase = "saving";
    }
    if (changes.length > 0) this.#port.act({ kind: "save", changes });
  }

  #finish(entry: OutboxEntry, state: Done): void {
    // What was shown of its rows it needs no longer.
    const done = changed(entry, { state, writes: entry.writes.map((write) => ({ ...write, base: null })) });
    this.#save([done, ...letGo(this.#entries), ...rebased(this.#entries, done.after)]);
  }

  #requeue(entry: OutboxEntry, writes = entry.writes): void {
    this.#save([changed(entry, { writes, state: QUEUED })]);
  }

  #refuse(entry: OutboxEntry, last: JsonObject, more: { readonly present?: JsonObject | null } = {}): void {
    const { index } = last;
    const title = "It cannot be told whether this write took place";
    const problem = this.#isForgotten(entry)
      ? { status: 503, code: "OUTCOME_UNKNOWN", title, last, ...(index !== undefined && { index }) }
      : last;
    this.#save([changed(entry, { state: { kind: "refused", problem, ...more } })]);
  }

  /** Whether the server may have forgotten the key under which it may have been done. */
  #isForgotten({ state }: OutboxEntry): boolean {
    if (state.kind !== "sent") return false;
    const ageMs = this.#port.nowMs() - state.firstAtMs;
    // From a time that is yet to come: the clock was set back, and how much time has passed nobody knows.
    return ageMs > OUTBOX_LIMITS.replayWithinMs || ageMs < -OUTBOX_LIMITS.clockErrorMs;
  }

  #learnSent({ key, state }: OutboxEntry): void {
    if (state.kind !== "sent") return;
    const course = this.#courseOf(key);
    course.isAnothers = true;
    this.#doubt(course);
  }

  #doubt(course: Course): void {
    course.doubtUntilMs = this.#port.elapsedMs() + OUTBOX_LIMITS.attemptLifeMs;
    course.mayHaveArrived = true;
  }

  #lose(): void {
    this.#gateMs = this.#port.elapsedMs() + backoffMs(this.#losses++, this.#port.random());
  }

  #open(): void {
    this.#losses = 0;
    this.#gateMs = 0;
  }

  #courseOf(key: string): Course {
    let course = this.#courses.get(key);
    if (course === undefined) {
      course = {
        phase: "waiting",
        dueMs: 0,
        sentMs: 0,
        doubtUntilMs: 0,
        mayHaveArrived: false,
        isAnothers: false,
        defects: 0,
        at: 0,
      };
      this.#courses.set(key, course);
    }
    return course;
  }

  #indexOf(key: string): number {
    return this.#entries.findIndex((each) => each.key === key);
  }

  #insert(entry: OutboxEntry): void {
    const at = this.#entries.findLastIndex(({ place }) => place < entry.place) + 1;
    this.#entries.splice(at, 0, entry);
  }

  #replace(index: number, entry: OutboxEntry | null): void {
    const [held] = this.#entries.splice(index, 1, ...(entry === null ? [] : [entry]));
    if (held !== undefined && (entry === null || entry.state.kind === "done" || entry.state.kind === "refused"))
      this.#courses.delete(held.key);
  }
}
