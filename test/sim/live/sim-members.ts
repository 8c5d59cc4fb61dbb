/**
 * Memberships of the simulation ([RV2]): scopes of tasks depend on them, in the same object or in one of their own, which registers who
 * depends on it and tells them of changes, with the machine that objects run. Messages are late, or lost. Judges every frame where it is computed: no row of a list that its
 * reader has left, and that the object has confirmed.
 */

import type { ObjectName } from "../../../src/core/ids.ts";
import {
  type Dependency,
  DependentsRegister,
  type RegisterPort,
  type Telling,
  usersNamed,
} from "../../../src/core/live/dependents-register.ts";
import type { ScopePort, UsedKey } from "../../../src/core/live/live-scopes.ts";
import type { LiveRow } from "../../../src/core/live/live-source.ts";
import { type UsedAnswer, versionOf } from "../../../src/core/protocol/used-rows.ts";
import type { Row } from "../../../src/core/schema/table-spec.ts";
import type { Random } from "../../crash/random.ts";
import { ModelObject, type Written } from "./model-object.ts";
import type { SimHost } from "./sim-host.ts";
import { MEMBERS } from "./tasks-table.ts";

export type MembersPlace = "here" | "elsewhere";

interface Message {
  readonly kind: "ask" | "lost" | "answer";
  readonly host: SimHost;
  readonly life: number;
  readonly key: UsedKey;
  readonly nth: number;
  readonly answer?: UsedAnswer;
}

const USED = new Map([["members", new Set(["user"])]]);

export class SimMembers {
  readonly place: MembersPlace;
  /** Where memberships lie in an object of their own. */
  readonly object = new ModelObject("t/app/m", [{ spec: MEMBERS }]);
  readonly problems: string[] = [];
  #messages: Message[] = [];
  readonly #hosts = new Map<ObjectName, SimHost>();
  readonly #rows = new Map<string, Dependency & { due: number | null }>();
  readonly #register = new DependentsRegister(this.#port());
  /** What was sent to an object and is not answered. */
  readonly #tellings = new Map<ObjectName, { readonly telling: Telling; readonly answers: readonly UsedAnswer[] }>();
  /** Lists that an object may still show to a user. */
  readonly #exposed = new Map<string, Set<string>>();

  /** In the rows that depend on them. */
  readonly #column: string;

  constructor(place: MembersPlace, column = "list") {
    this.place = place;
    this.#column = column;
  }

  get isQuiet(): boolean {
    return this.#messages.length === 0 && [...this.#rows.values()].every(({ due }) => due === null);
  }

  isAsked(host: SimHost): boolean {
    return this.#messages.some((message) => message.host === host && message.life === host.life);
  }

  /** What an object is given to resolve scopes with. */
  portOf(host: SimHost): ScopePort {
    return {
      usesOf: () => [{ table: "members", column: "user", isHere: this.place === "here" }],
      scopeOf: (_table, _operation, _user, rows) => scopeOf(rows.get("members") ?? [], this.#column),
      read: ({ user }) => listedOf(host.object, user),
      counts: () => true,
      keyOf: () => "id",
      ask: (key, nth) => void this.#messages.push({ kind: "ask", host, life: host.life, key, nth }),
    };
  }

  /** Names the memberships that it was made from. */
  setIn(object: ModelObject, user: string): string {
    return versionOf(listedOf(object, user), "id");
  }

  /** The scope of a user as memberships are in an object. */
  scopeIn(object: ModelObject, user: string): string {
    return scopeOf(rowsOf(object, user), this.#column);
  }

  draw(random: Random): Written {
    const id = `m${random.between(0, 7)}`;
    if (random.chance(0.3)) return { table: "members", id, row: null };
    const user = random.pick(["c0", "c1", "c2"]);
    return { table: "members", id, row: { id, user, list: random.pick(["x", "y"]) } };
  }

  /** A commit where memberships have an object of their own: whoever depends on the rows is to be told. */
  write(written: readonly Written[]): boolean {
    const commit = this.object.commit(written);
    for (const key of usersNamed(USED, commit?.changes ?? [])) {
      this.#port().mark(key, this.object.head());
      for (const { object, user } of this.#rows.values())
        if (user === key.user)
          for (const list of listsOf(this.object, user)) this.#exposed.get(nameOf(object, user))?.add(list);
    }
    return commit !== null;
  }

  /** One message, or one object told, moves on. True: a dependent was told. */
  step(random: Random, nowMs: number, lose: number): boolean {
    // As by the alarm, which may come at any time.
    this.#register.forgive();
    const due = this.#register.toTell(0);
    if (due.length > 0 && (this.#messages.length === 0 || random.chance(0.5))) {
      this.#tell(random.pick(due).object, nowMs, random.chance(lose));
      return true;
    }
    const [message] = this.#messages.splice(random.between(0, Math.max(0, this.#messages.length - 1)), 1);
    if (message === undefined || message.host.life !== message.life) return false;
    const { host, key, nth, answer } = message;
    if (answer !== undefined) host.learn(key, answer, nowMs, nth);
    else if (message.kind === "lost") host.unlearned(key, nowMs, nth);
    else if (random.chance(lose)) this.#messages.push({ ...message, kind: "lost" });
    else this.#messages.push({ ...message, kind: "answer", answer: this.#registered(host, key) });
    return false;
  }

  /** What an object computed for a user. */
  judge(host: SimHost, user: string, text: string): void {
    if (this.place === "here") return;
    const exposed = this.#exposed.get(nameOf(host.object.object, user)) ?? new Set();
    for (const [, list] of text.matchAll(/"list":"([xy])"/g))
      if (list !== undefined && !exposed.has(list))
        this.problems.push(
          `${host.object.object} sends ${user} a row of ${list}, which is withdrawn: ${text.slice(0, 200)}`,
        );
  }

  #registered(host: SimHost, key: UsedKey): UsedAnswer {
    const { object } = host.object;
    const name = nameOf(object, key.user);
    const isDue = (this.#rows.get(name)?.due ?? null) !== null;
    this.#exposed.set(
      name,
      new Set([...(isDue ? (this.#exposed.get(name) ?? []) : []), ...listsOf(this.object, key.user)]),
    );
    this.#hosts.set(object, host);
    this.#register.register({ ...key, object });
    return this.#answer(key.user);
  }

  /** Sent first, answered in a later step: in between rows may change. */
  #tell(object: ObjectName, nowMs: number, isLost: boolean): void {
    const sent = this.#tellings.get(object);
    if (sent === undefined) {
      const telling = this.#register.begin(object, this.object.head());
      const answers = telling?.due.map(({ user }) => this.#answer(user)) ?? [];
      if (telling !== null) this.#tellings.set(object, { telling, answers });
      return;
    }
    this.#tellings.delete(object);
    const { telling, answers } = sent;
    const needs = telling.due.map(
      (key, index) => this.#hosts.get(object)?.learn(key, answers[index] as UsedAnswer, nowMs) === true,
    );
    if (isLost) {
      this.#register.lost(telling);
      return;
    }
    this.#register.confirmed(telling, needs);
    for (const { user } of telling.due) {
      const name = nameOf(object, user);
      const row = this.#rows.get(name);
      if (row === undefined) this.#exposed.delete(name);
      else if (row.due === null) this.#exposed.set(name, new Set(listsOf(this.object, user)));
    }
  }

  #port(): RegisterPort {
    const rows = this.#rows;
    const find = ({ object, user }: Dependency) => rows.get(nameOf(object, user));
    return {
      add: (dependency) => {
        if (find(dependency) === undefined)
          rows.set(nameOf(dependency.object, dependency.user), { ...dependency, due: null });
      },
      strike: ({ object, user }) => void rows.delete(nameOf(object, user)),
      mark(key, seq) {
        const marked = [...rows.values()].filter(({ user }) => user === key.user);
        for (const row of marked) row.due = seq;
        return marked.length > 0;
      },
      clear(dependency, seq) {
        const row = find(dependency);
        if (row !== undefined && (row.due ?? 0) <= seq) row.due = null;
      },
      due: () => [...rows.values()].flatMap(({ due, ...row }) => (due === null ? [] : [{ ...row, due }])),
    };
  }

  #answer(user: string): UsedAnswer {
    const version = versionOf(listedOf(this.object, user), "id");
    return { rows: rowsOf(this.object, user), version, epoch: this.object.epoch, seq: this.object.head() };
  }
}

function nameOf(object: ObjectName, user: string): string {
  return `${object} ${user}`;
}

function listedOf(object: ModelObject, user: string): LiveRow[] {
  return object.all("members", { kind: "compare", field: "user", operator: "==", operand: user });
}

function rowsOf(object: ModelObject, user: string): Row[] {
  return listedOf(object, user).map(({ row }) => row);
}

function listsOf(object: ModelObject, user: string): string[] {
  return rowsOf(object, user).map(({ list }) => String(list));
}

function scopeOf(rows: readonly Row[], column: string): string {
  const lists = [...new Set(rows.map(({ list }) => String(list)))].sort();
  return lists.map((list) => `${column}=="${list}"`).join(",");
}
