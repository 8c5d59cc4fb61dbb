/**
 * All query groups of an object, found from a changed row through the predicate indexes, and moved from commit to commit in order
 * of seq. Its cost follows the groups that a commit can touch. Memory only: made anew when the object wakes.
 */

import type { RowChange } from "../protocol/object-call.ts";
import { type GroupNews, LiveGroup } from "./live-group.ts";
import { readQueryText } from "./live-query.ts";
import type { LiveCommit, LiveSource } from "./live-source.ts";
import { PredicateIndex } from "./predicate-index.ts";

export class LiveGroups {
  readonly #source: LiveSource;
  readonly #byText = new Map<string, LiveGroup>();
  readonly #indexes = new Map<string, PredicateIndex<LiveGroup>>();
  /** Windows and aggregates that wait for a read at the head. */
  readonly #behind = new Set<LiveGroup>();
  #windows = 0;
  /** Seq of the last commit that was evaluated. */
  seq: number;

  constructor(source: LiveSource) {
    this.#source = source;
    this.seq = source.head();
  }

  /** Reads again what windows and aggregates keep, after commits that cannot be read any more. */
  reopen(): void {
    for (const group of this.#byText.values()) if (group.isKept) group.open();
    this.#behind.clear();
    this.seq = this.#source.head();
  }

  get windows(): number {
    return this.#windows;
  }

  get size(): number {
    return this.#byText.size;
  }

  /** The group of a query, made when it is the first of its kind. `key` names it where it is stored. */
  join(key: number, text: string): LiveGroup | null {
    let group = this.#byText.get(text);
    if (group === undefined) {
      const query = readQueryText(text);
      const table = this.#source.table(query.table);
      if (table === undefined) return null;
      group = new LiveGroup(key, text, query, table, this.#source);
      this.#byText.set(text, group);
      this.#indexOf(query.table, table.spec).add(group, group.where);
      if (query.window !== null) this.#windows++;
    }
    group.members++;
    return group;
  }

  leave(group: LiveGroup): void {
    group.members--;
    if (group.members > 0) return;
    this.#byText.delete(group.text);
    this.#indexes.get(group.query.table)?.remove(group);
    this.#behind.delete(group);
    if (group.query.window !== null) this.#windows--;
  }

  /** The news of the next commit, by group. `place`: whether the source stands at this commit, so that it may be read. */
  advance(commit: LiveCommit, place: "at-head" | "behind"): ReadonlyMap<LiveGroup, GroupNews> {
    const news = new Map<LiveGroup, GroupNews>();
    for (const [table, changes] of byTable(commit.changes)) {
      const index = this.#indexes.get(table);
      if (index === undefined) continue;
      const touched = new Set<LiveGroup>();
      for (const { before, after } of changes) index.collect(before, after, touched);
      for (const group of touched) this.#evaluate(group, changes, commit.seq, place, news);
    }
    if (place === "at-head")
      for (const group of [...this.#behind]) if (!news.has(group)) this.#evaluate(group, [], commit.seq, place, news);
    this.seq = commit.seq;
    return news;
  }

  #evaluate(
    group: LiveGroup,
    changes: readonly RowChange[],
    seq: number,
    place: "at-head" | "behind",
    news: Map<LiveGroup, GroupNews>,
  ): void {
    const told = group.evaluate(changes, seq, place);
    if (told !== null) news.set(group, told);
    if (group.isBehind) this.#behind.add(group);
    else this.#behind.delete(group);
  }

  #indexOf(name: string, spec: ConstructorParameters<typeof PredicateIndex>[0]): PredicateIndex<LiveGroup> {
    let index = this.#indexes.get(name);
    if (index === undefined) {
      index = new PredicateIndex<LiveGroup>(spec);
      this.#indexes.set(name, index);
    }
    return index;
  }
}

function byTable(changes: readonly RowChange[]): ReadonlyMap<string, readonly RowChange[]> {
  const tables = new Map<string, RowChange[]>();
  for (const change of changes) {
    const held = tables.get(change.table);
    if (held === undefined) tables.set(change.table, [change]);
    else held.push(change);
  }
  return tables;
}
