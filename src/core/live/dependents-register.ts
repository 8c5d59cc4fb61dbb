/**
 * Objects whose live sockets depend on rows of this one ([RV2]), as a machine without I/O: who is told of a commit, who waits for that, what
 * an answer means. Registrations and what is due are rows behind the port, written with the commit, so that nothing is forgotten with an instance;
 * what is being told, and what was told in vain, is memory. Run by the object (durable-objects/table/dependents.ts) and the simulator alike.
 */

import type { ObjectName } from "../ids.ts";
import type { RowChange } from "../protocol/object-call.ts";
import type { UsedKey } from "./live-scopes.ts";

/** An object, and the rows of a user that it depends on. */
export interface Dependency extends UsedKey {
  readonly object: ObjectName;
}

/** `due`: the seq that it does not know yet. */
export type DueDependency = Dependency & { readonly due: number };

export interface RegisterPort {
  /** Once: a row is written where there is none. */
  add(dependency: Dependency): void;
  strike(dependency: Dependency): void;
  /** Whoever depends on these rows does not know this seq yet; false: nobody does. */
  mark(key: UsedKey, seq: number): boolean;
  /** It knows all up to this seq; what came later stays due. */
  clear(dependency: Dependency, seq: number): void;
  due(): readonly DueDependency[];
}

/** What one object is told in one call, as the rows stand at `seq`. */
export interface Telling {
  readonly object: ObjectName;
  readonly due: readonly DueDependency[];
  readonly seq: number;
}

/** Columns that hold ids of users, by table. */
export type UsedColumns = ReadonlyMap<string, ReadonlySet<string>>;

/** Users that the images of a commit name, in columns that a scope uses. */
export function usersNamed(used: UsedColumns, changes: readonly RowChange[]): UsedKey[] {
  const keys = new Map<string, UsedKey>();
  for (const { table, before, after } of changes)
    for (const column of used.get(table) ?? [])
      for (const user of [before?.[column], after?.[column]])
        if (typeof user === "string") keys.set(nameOf({ table, column, user }), { table, column, user });
  return [...keys.values()];
}

export class DependentsRegister {
  readonly #port: RegisterPort;
  /** Seq up to which an object was told in vain: whoever comes later does not wait for it again. */
  readonly #missed = new Map<ObjectName, number>();
  /** What is being told to each object, and who registered for it meanwhile: what it then says of those may be of before. */
  readonly #fresh = new Map<ObjectName, Set<string>>();

  constructor(port: RegisterPort) {
    this.#port = port;
  }

  /** In the instant in which the rows are read: nothing falls in between. */
  register(dependency: Dependency): void {
    this.#fresh.get(dependency.object)?.add(nameOf(dependency));
    this.#port.add(dependency);
  }

  /** Objects to be told; `isAwaited`: of what commits from `seq` on have changed. Nobody waits for what others changed before. */
  toTell(seq: number): readonly { readonly object: ObjectName; readonly isAwaited: boolean }[] {
    const found = new Map<ObjectName, boolean>();
    for (const { object, due } of this.#port.due())
      if (due > (this.#missed.get(object) ?? 0)) found.set(object, found.get(object) === true || due >= seq);
    return [...found].map(([object, isAwaited]) => ({ object, isAwaited }));
  }

  /** Those that did not confirm are told again as well. */
  forgive(): void {
    this.#missed.clear();
  }

  /** One telling of an object at a time, so that what is told later is newer; null: it knows all. */
  begin(object: ObjectName, seq: number): Telling | null {
    const due = this.#port.due().filter((each) => each.object === object);
    if (due.length === 0) return null;
    this.#fresh.set(object, new Set());
    return { object, due, seq };
  }

  /** `needs`: for each of what was due whether the object still needs to be told such. */
  confirmed({ object, due, seq }: Telling, needs: readonly boolean[]): void {
    const fresh = this.#fresh.get(object);
    for (const [index, dependency] of due.entries())
      if (needs[index] === true || fresh?.has(nameOf(dependency)) === true) this.#port.clear(dependency, seq);
      else this.#port.strike(dependency);
    this.#missed.delete(object);
    this.#fresh.delete(object);
  }

  lost({ object, seq }: Telling): void {
    this.#missed.set(object, seq);
    this.#fresh.delete(object);
  }
}

function nameOf({ table, column, user }: UsedKey): string {
  return JSON.stringify([table, column, user]);
}
