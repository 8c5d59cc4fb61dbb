/** Aggregates over the films, computed by hand: grouping, sums, averages and extremes in plain JavaScript over the rows. */

import { byCodePoint } from "./film-cases.ts";
import type { Film } from "./film-table.ts";

type Column = keyof Film & string;
type Key = string | number | boolean | null;

export interface AggregateCase {
  readonly groupBy: readonly Column[];
  readonly count?: true;
  readonly sum?: readonly Column[];
  readonly avg?: readonly Column[];
  readonly min?: readonly Column[];
  readonly max?: readonly Column[];
  readonly filter?: { readonly text: string; readonly test: (film: Film) => boolean };
  readonly having?: { readonly text: string; readonly test: (group: Group) => boolean };
  readonly orderBy?: { readonly text: string; readonly by: (group: Group) => Key; readonly direction: 1 | -1 };
}

export interface Group {
  readonly key: Readonly<Record<string, Key>> | null;
  readonly count?: number;
  readonly sum?: Readonly<Record<string, number>>;
  readonly avg?: Readonly<Record<string, number>>;
  readonly min?: Readonly<Record<string, Key>>;
  readonly max?: Readonly<Record<string, Key>>;
}

const isDrama = { text: 'majorGenre=="Drama"', test: (film: Film) => film.majorGenre === "Drama" };
const residual = { text: 'title%="T%e%"', test: (film: Film) => film.title !== null && /^T[\s\S]*e/u.test(film.title) };
const none = { text: "imdbVotes==-5", test: () => false };

export const AGGREGATES: readonly AggregateCase[] = [
  { groupBy: [], count: true },
  {
    groupBy: [],
    count: true,
    sum: ["usGross", "worldwideGross"],
    avg: ["imdbRating"],
    min: ["title", "releasedAt"],
    max: ["title", "imdbVotes"],
  },
  { groupBy: [], count: true, sum: ["usGross"], filter: none },
  { groupBy: [], min: ["usGross"], filter: isDrama },
  { groupBy: ["majorGenre"], count: true },
  {
    groupBy: ["majorGenre"],
    count: true,
    sum: ["worldwideGross", "usDvdSales"],
    avg: ["usGross", "imdbRating"],
    min: ["director"],
    max: ["releasedAt"],
  },
  { groupBy: ["majorGenre"], count: true, having: { text: "count>=200", test: (group) => (group.count ?? 0) >= 200 } },
  {
    groupBy: ["mpaaRating"],
    avg: ["imdbRating"],
    having: { text: "avg_imdbRating>6", test: (group) => (group.avg?.imdbRating ?? 0) > 6 },
  },
  {
    groupBy: ["mpaaRating"],
    count: true,
    having: { text: 'mpaaRating!="R"', test: (group) => group.key?.mpaaRating !== "R" },
  },
  {
    groupBy: ["director"],
    count: true,
    orderBy: { text: "-count", by: (group) => group.count ?? null, direction: -1 },
  },
  {
    groupBy: ["distributor"],
    sum: ["usGross"],
    orderBy: { text: "sum_usGross:desc", by: (group) => group.sum?.usGross ?? null, direction: -1 },
  },
  { groupBy: ["majorGenre", "mpaaRating"], count: true, max: ["imdbRating"] },
  { groupBy: ["isHit", "source", "creativeType"], count: true, sum: ["imdbVotes"], filter: isDrama },
  { groupBy: ["isHit"], count: true, min: ["isHit"], max: ["productionBudget"], filter: residual },
  { groupBy: ["runningTimeMin"], count: true, filter: residual },
  { groupBy: ["releasedAt"], count: true, having: { text: "count>5", test: (group) => (group.count ?? 0) > 5 } },
  { groupBy: ["imdbRating"], count: true, sum: ["imdbRating"] },
];

/** The groups that a case must give, in order. */
export function aggregateByHand(films: readonly Film[], asked: AggregateCase): Group[] {
  const buckets = new Map<string, Film[]>();
  if (asked.groupBy.length === 0) buckets.set("[]", []);
  for (const film of films.filter(asked.filter?.test ?? (() => true))) {
    const key = JSON.stringify(asked.groupBy.map((column) => film[column]));
    buckets.set(key, [...(buckets.get(key) ?? []), film]);
  }
  const groups = [...buckets].map(([key, members]) => groupOf(JSON.parse(key) as Key[], members, asked));
  const kept = groups.filter(asked.having?.test ?? (() => true));
  const byKey = (a: Group, b: Group) => {
    for (const column of asked.groupBy) {
      const difference = compareKeys(a.key?.[column] ?? null, b.key?.[column] ?? null, 1);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  return kept.sort(
    (a, b) =>
      (asked.orderBy === undefined
        ? 0
        : compareKeys(asked.orderBy.by(a), asked.orderBy.by(b), asked.orderBy.direction)) || byKey(a, b),
  );
}

function groupOf(values: readonly Key[], members: readonly Film[], asked: AggregateCase): Group {
  const metric = <V>(columns: readonly Column[] | undefined, of: (numbers: readonly Exclude<Key, null>[]) => V) => {
    const entries = (columns ?? []).flatMap((column) => {
      const present = members.map((film) => film[column] as Key).filter((value) => value !== null);
      return present.length === 0 ? [] : [[column, of(present as Exclude<Key, null>[])] as const];
    });
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  };
  const total = (numbers: readonly Exclude<Key, null>[]) =>
    numbers.reduce<number>((sum, value) => sum + Number(value), 0);
  const sorted = (present: readonly Exclude<Key, null>[]) => [...present].sort((a, b) => compareKeys(a, b, 1));
  const group = {
    key:
      asked.groupBy.length === 0
        ? null
        : Object.fromEntries(asked.groupBy.map((column, index) => [column, values[index] ?? null])),
    count: asked.count === true ? members.length : undefined,
    sum: metric(asked.sum, total),
    avg: metric(asked.avg, (numbers) => total(numbers) / numbers.length),
    min: metric(asked.min, (present) => sorted(present)[0] ?? null),
    max: metric(asked.max, (present) => sorted(present).at(-1) ?? null),
  };
  return Object.fromEntries(Object.entries(group).filter(([, value]) => value !== undefined)) as unknown as Group;
}

/** NULL last, whichever way. */
function compareKeys(a: Key, b: Key, direction: 1 | -1): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return direction * (typeof a === "string" && typeof b === "string" ? byCodePoint(a, b) : Number(a) - Number(b));
}
