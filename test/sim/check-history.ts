/**
 * A checker of histories in the manner of Elle: from appends and reads of lists it infers which transaction came before which, adds
 * what clients saw in real time, and looks for cycles. Finds aborted and intermediate reads (G1a, G1b), cycles of writes (G0),
 * of writes and reads (G1c), with one anti-dependency (G-single) or more (G2), lost and repeated writes.
 */

import type { History, HistoryEntry } from "./history.ts";

export type AnomalyKind =
  | "G0"
  | "G1a"
  | "G1b"
  | "G1c"
  | "G-single"
  | "G2"
  | "lost-write"
  | "duplicate"
  | "garbage"
  | "incompatible-order";

export interface Anomaly {
  readonly kind: AnomalyKind;
  /** The order in time is a part of the cycle. */
  readonly isRealTime: boolean;
  readonly text: string;
}

type EdgeKind = "ww" | "wr" | "rw" | "rt";
interface Edge {
  readonly to: number;
  readonly kind: EdgeKind;
}

export function checkHistory(history: History): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const report = (kind: AnomalyKind, text: string) => anomalies.push({ kind, isRealTime: false, text });
  const writers = writersOf(history, report);
  const graph = history.entries.map((): Edge[] => []);
  const positions = checkFinal(history, writers, graph, report);
  history.entries.forEach((entry, index) => {
    if (entry.outcome !== "ok") return;
    checkReads({ history, writers, positions, graph, report }, entry, index);
  });
  addRealTime(history, writers, graph);
  const cycle = findWorstCycle(graph);
  if (cycle !== null) anomalies.push(describe(cycle, history.entries));
  return anomalies;
}

type Report = (kind: AnomalyKind, text: string) => void;

/** Who appended a value; every value is appended once. */
function writersOf({ entries }: History, report: Report): Map<number, number> {
  const writers = new Map<number, number>();
  entries.forEach((entry, index) => {
    for (const op of entry.ops) {
      if (op.kind !== "append") continue;
      if (writers.has(op.value)) report("duplicate", `${op.value} is appended by two operations of the history`);
      writers.set(op.value, index);
    }
  });
  return writers;
}

/** The version order: what stands at the end. Returns where each value stands in its list. */
function checkFinal(
  { entries, final, unordered }: History,
  writers: ReadonlyMap<number, number>,
  graph: Edge[][],
  report: Report,
): Map<number, number> {
  const positions = new Map<number, number>();
  for (const [list, values] of final) {
    let last: number | undefined;
    values.forEach((value, position) => {
      const writer = writers.get(value);
      if (writer === undefined) report("garbage", `${list} holds ${value}, which nobody wrote`);
      else if (entries[writer]?.outcome === "fail")
        report("G1a", `${list} holds ${value} of failed ${entries[writer]?.name}`);
      if (positions.has(value)) report("duplicate", `${value} stands twice, the second time in ${list}`);
      positions.set(value, position);
      if (writer !== undefined && last !== undefined && last !== writer && !unordered.has(list))
        graph[last]?.push({ to: writer, kind: "ww" });
      last = writer;
    });
  }
  for (const entry of entries) {
    if (entry.outcome !== "ok") continue;
    for (const op of entry.ops)
      if (op.kind === "append" && !positions.has(op.value))
        report("lost-write", `${op.value} of ${entry.name} is gone`);
  }
  return positions;
}

interface Reading {
  readonly history: History;
  readonly writers: ReadonlyMap<number, number>;
  readonly positions: ReadonlyMap<number, number>;
  readonly graph: Edge[][];
  readonly report: Report;
}

function checkReads({ history, writers, positions, graph, report }: Reading, entry: HistoryEntry, index: number): void {
  for (const op of entry.ops) {
    if (op.kind !== "read") continue;
    if (history.unordered.has(op.list)) {
      checkSetRead({ history, writers, positions, graph, report }, entry, index, op);
      continue;
    }
    // What the operation itself appended before is no news to it.
    let length = op.values.length;
    while (length > 0 && writers.get(op.values[length - 1] as number) === index) length--;
    const order = history.final.get(op.list) ?? [];
    let isPrefix = true;
    for (let at = 0; at < length; at++) {
      const value = op.values[at] as number;
      if (history.entries[writers.get(value) ?? -1]?.outcome === "fail")
        report("G1a", `${entry.name} read ${value} in ${op.list}, of an operation that failed`);
      if (value !== order[at]) isPrefix = false;
    }
    if (!isPrefix) {
      report("incompatible-order", `${entry.name} read [${op.values}] in ${op.list}, which came to be [${order}]`);
      continue;
    }
    const last = length === 0 ? undefined : writers.get(order[length - 1] as number);
    const next = order[length] === undefined ? undefined : writers.get(order[length] as number);
    if (last !== undefined && last === next && last !== index)
      report("G1b", `${entry.name} read ${op.list} in the middle of ${history.entries[last]?.name}`);
    if (last !== undefined && last !== index) graph[last]?.push({ to: index, kind: "wr" });
    if (next !== undefined && next !== index) graph[index]?.push({ to: next, kind: "rw" });
  }
}

/** Whoever added what was read comes before the reader, whoever added what was not read, after. */
function checkSetRead(
  { history, writers, graph, report }: Reading,
  entry: HistoryEntry,
  index: number,
  op: { readonly list: string; readonly values: readonly number[] },
): void {
  const present = history.final.get(op.list) ?? [];
  const seen = new Set(op.values);
  for (const value of seen) {
    const writer = writers.get(value);
    if (writer === undefined || !present.includes(value))
      report("G1a", `${entry.name} read ${value} in ${op.list}, which never came to be`);
  }
  const before = new Set<number>();
  const after = new Set<number>();
  for (const value of present) {
    const writer = writers.get(value);
    if (writer !== undefined && writer !== index) (seen.has(value) ? before : after).add(writer);
  }
  for (const writer of before) {
    if (after.has(writer))
      report("G1b", `${entry.name} read ${op.list} in the middle of ${history.entries[writer]?.name}`);
    graph[writer]?.push({ to: index, kind: "wr" });
  }
  for (const writer of after) graph[index]?.push({ to: writer, kind: "rw" });
}

/** What was acknowledged before another began comes before it. Operations that never took place are left out. */
function addRealTime({ entries, final }: History, writers: ReadonlyMap<number, number>, graph: Edge[][]): void {
  const present = new Set<number>();
  for (const values of final.values()) for (const value of values) present.add(writers.get(value) ?? -1);
  const isReal = (index: number) => entries[index]?.outcome === "ok" || present.has(index);
  for (let a = 0; a < entries.length; a++) {
    const ended = entries[a]?.completedAt ?? Number.POSITIVE_INFINITY;
    if (ended === Number.POSITIVE_INFINITY || entries[a]?.outcome !== "ok") continue;
    for (let b = 0; b < entries.length; b++)
      if (a !== b && isReal(b) && ended < (entries[b]?.invokedAt ?? 0)) graph[a]?.push({ to: b, kind: "rt" });
  }
}

interface Cycle {
  readonly kind: AnomalyKind;
  readonly isRealTime: boolean;
  readonly path: readonly number[];
}

/** The gravest cycle: of the fewest kinds of edges. Null when there is none, which one topological sort tells. */
function findWorstCycle(graph: readonly (readonly Edge[])[]): Cycle | null {
  if (isAcyclic(graph)) return null;
  for (const isRealTime of [false, true]) {
    const also: EdgeKind[] = isRealTime ? ["rt"] : [];
    const plain: readonly [AnomalyKind, readonly EdgeKind[]][] = [
      ["G0", ["ww"]],
      ["G1c", ["ww", "wr"]],
    ];
    for (const [kind, kinds] of plain) {
      const path = findCycle(graph, new Set([...kinds, ...also]));
      if (path !== null) return { kind, isRealTime, path };
    }
    const single = findSingle(graph, new Set<EdgeKind>(["ww", "wr", ...also]));
    if (single !== null) return { kind: "G-single", isRealTime, path: single };
    const any = findCycle(graph, new Set<EdgeKind>(["ww", "wr", "rw", ...also]));
    if (any !== null) return { kind: "G2", isRealTime, path: any };
  }
  return null;
}

function isAcyclic(graph: readonly (readonly Edge[])[]): boolean {
  const incoming = new Array<number>(graph.length).fill(0);
  for (const edges of graph) for (const { to } of edges) incoming[to] = (incoming[to] ?? 0) + 1;
  const ready = incoming.flatMap((count, index) => (count === 0 ? [index] : []));
  let done = 0;
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    done++;
    for (const { to } of graph[node] ?? []) {
      const left = (incoming[to] ?? 0) - 1;
      incoming[to] = left;
      if (left === 0) ready.push(to);
    }
  }
  return done === graph.length;
}

function findCycle(graph: readonly (readonly Edge[])[], kinds: ReadonlySet<EdgeKind>): number[] | null {
  for (let start = 0; start < graph.length; start++) {
    for (const edge of graph[start] ?? []) {
      if (!kinds.has(edge.kind)) continue;
      const path = findPath(graph, edge.to, start, kinds);
      if (path !== null) return [start, ...path];
    }
  }
  return null;
}

/** A cycle with exactly one anti-dependency. */
function findSingle(graph: readonly (readonly Edge[])[], kinds: ReadonlySet<EdgeKind>): number[] | null {
  for (let start = 0; start < graph.length; start++) {
    for (const edge of graph[start] ?? []) {
      if (edge.kind !== "rw") continue;
      const path = findPath(graph, edge.to, start, kinds);
      if (path !== null) return [start, ...path];
    }
  }
  return null;
}

/** The shortest way; both ends are in it. */
function findPath(
  graph: readonly (readonly Edge[])[],
  from: number,
  to: number,
  kinds: ReadonlySet<EdgeKind>,
): number[] | null {
  const came = new Map<number, number>([[from, -1]]);
  const queue = [from];
  for (let at = 0; at < queue.length; at++) {
    const node = queue[at] as number;
    if (node === to) {
      const path: number[] = [];
      for (let step = node; step !== -1; step = came.get(step) ?? -1) path.unshift(step);
      return path;
    }
    for (const edge of graph[node] ?? []) {
      if (!kinds.has(edge.kind) || came.has(edge.to)) continue;
      came.set(edge.to, node);
      queue.push(edge.to);
    }
  }
  return null;
}

function describe({ kind, isRealTime, path }: Cycle, entries: readonly HistoryEntry[]): Anomaly {
  const names = path.map((index) => entries[index]?.name ?? "?").join(" → ");
  return { kind, isRealTime, text: `${kind}${isRealTime ? " with the order in time" : ""}: ${names}` };
}
