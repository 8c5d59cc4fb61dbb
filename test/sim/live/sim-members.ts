/**
 * Memberships of the simulation ([RV2]): scopes of tasks depend on them, in the same object or in one of their own, which registers who
 * depends on it and tells them of changes. Messages are late, or lost. Judges every frame where it is computed: no row of a list that its
 * reader has left, and that the object has confirmed.
 */

import type { ObjectName } from "../../../src/core/ids.ts";
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

interface Dependent {
  readonly host: SimHost;
  readonly user: string;
  /** Changed, and not confirmed. */
  isDue: boolean;
  /** Asked while it was told. */
  isFresh: boolean;
  /** What was sent and not answered. */
  sent: UsedAnswer | null;
  /** Lists that the object may still show to the user. */
  exposed: Set<string>;
}

export class SimMembers {
  readonly place: MembersPlace;
  /** Where memberships lie in an object of their own. */
  readonly object = new ModelObject("t/app/m", [{ spec: MEMBERS }]);
  readonly problems: string[] = [];
  #messages: Message[] = [];
  readonly #dependents = new Map<string, Dependent>();

  constructor(place: MembersPlace) {
    this.place = place;
  }

  get isQuiet(): boolean {
    return this.#messages.length === 0 && [...this.#dependents.values()].every(({ isDue }) => !isDue);
  }

  isAsked(host: SimHost): boolean {
    return this.#messages.some((message) => message.host === host && message.life === host.life);
  }

  /** What an object is given to resolve scopes with. */
  portOf(host: SimHost): ScopePort {
    return {
      usesOf: () => [{ table: "members", column: "user", isHere: this.place === "here" }],
      scopeOf: (_table, _operation, _user, rows) => scopeOf(rows.get("members") ?? []),
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
    return scopeOf(rowsOf(object, user));
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
    for (const { before, after } of commit?.changes ?? [])
      for (const image of [before, after])
        for (const dependent of this.#dependents.values())
          if (dependent.user === image?.user) {
            dependent.isDue = true;
            for (const list of listsOf(this.object, dependent.user)) dependent.exposed.add(list);
          }
    return commit !== null;
  }

  /** One message, or one object told, moves on. True: a dependent was told. */
  step(random: Random, nowMs: number, lose: number): boolean {
    const due = [...this.#dependents.values()].filter(({ isDue }) => isDue);
    if (due.length > 0 && (this.#messages.length === 0 || random.chance(0.5))) {
      this.#tell(random.pick(due), nowMs, random.chance(lose));
      return true;
    }
    const [message] = this.#messages.splice(random.between(0, Math.max(0, this.#messages.length - 1)), 1);
    if (message === undefined || message.host.life !== message.life) return false;
    const { host, key, nth, answer } = message;
    if (answer !== undefined) host.learn(key, answer, nowMs, nth);
    else if (message.kind === "lost") host.unlearned(key, nowMs, nth);
    else if (random.chance(lose)) this.#messages.push({ ...message, kind: "lost" });
    else this.#messages.push({ ...message, kind: "answer", answer: this.#register(host, key.user) });
    return false;
  }

  /** What an object computed for a user. */
  judge(host: SimHost, user: string, text: string): void {
    if (this.place === "here") return;
    const exposed = this.#dependents.get(nameOf(host.object.object, user))?.exposed ?? new Set();
    for (const [, list] of text.matchAll(/"list":"([xy])"/g))
      if (list !== undefined && !exposed.has(list))
        this.problems.push(
          `${host.object.object} sends ${user} a row of ${list}, which is withdrawn: ${text.slice(0, 200)}`,
        );
  }

  #register(host: SimHost, user: string): UsedAnswer {
    const name = nameOf(host.object.object, user);
    const known = this.#dependents.get(name);
    const exposed = new Set([...(known?.isDue === true ? known.exposed : []), ...listsOf(this.object, user)]);
    if (known === undefined)
      this.#dependents.set(name, { host, user, isDue: false, isFresh: true, sent: null, exposed });
    else {
      known.isFresh = true;
      known.exposed = exposed;
    }
    return this.#answer(user);
  }

  /** Sent first, answered in a later step: in between rows may change. */
  #tell(dependent: Dependent, nowMs: number, isLost: boolean): void {
    const { host, user, sent } = dependent;
    if (sent === null) {
      dependent.sent = this.#answer(user);
      dependent.isFresh = false;
      return;
    }
    dependent.sent = null;
    const isNeeded = host.learn({ table: "members", column: "user", user }, sent, nowMs);
    if (isLost) return;
    if (!isNeeded && !dependent.isFresh) {
      this.#dependents.delete(nameOf(host.object.object, user));
      return;
    }
    if (sent.seq < this.object.head()) return;
    dependent.isDue = false;
    dependent.exposed = new Set(listsOf(this.object, user));
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

function scopeOf(rows: readonly Row[]): string {
  const lists = [...new Set(rows.map(({ list }) => String(list)))].sort();
  return lists.map((list) => `list=="${list}"`).join(",");
}
