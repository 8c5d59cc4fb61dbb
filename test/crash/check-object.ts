/**
 * What must hold inside one object whatever was done to it: the ledger is gapless, its images chain, folding them gives the
 * rows, and each row's version is the seq that wrote it last. Returns what does not hold, in words.
 */

import { isDeepStrictEqual } from "node:util";
import type { Row } from "../../src/core/schema/table-spec.ts";
import type { StoredObject } from "./object-file.ts";

/** `head`: the seq that a reader was told last; null when nobody asked. */
export function checkObject(object: StoredObject, head: number | null): string[] {
  const wrong: string[] = [];
  const say = (text: string) => wrong.push(`${object.name}: ${text}`);
  checkSeq(object, head, say);
  checkImages(object, say);
  return wrong;
}

type Say = (text: string) => void;

function checkSeq({ log }: StoredObject, head: number | null, say: Say): void {
  const first = log[0]?.seq ?? 1;
  log.forEach((entry, index) => {
    if (entry.seq !== first + index) say(`ledger has seq ${entry.seq} where ${first + index} belongs`);
    const earlier = log[index - 1];
    if (earlier !== undefined && entry.total <= earlier.total) say(`running total falls at seq ${entry.seq}`);
    if (entry.changes.length === 0) say(`entry ${entry.seq} changes nothing`);
  });
  const last = log.at(-1)?.seq ?? 0;
  if (head !== null && last !== head) say(`ledger ends at ${last}, readers were told ${head}`);
}

/** Replays the ledger: before-images must be what the entries before left, and the end must be the rows. */
function checkImages({ log, tables }: StoredObject, say: Say): void {
  const isWhole = (log[0]?.seq ?? 1) === 1;
  const known = new Map<string, { table: string; id: string | number; row: Row | null; seq: number }>();
  for (const { seq, changes } of log) {
    const inEntry = new Set<string>();
    for (const { table, id, op, before, after } of changes) {
      const place = `${table} ${id}`;
      if (inEntry.has(place)) say(`entry ${seq} has two changes of ${place}`);
      inEntry.add(place);
      const earlier = known.get(place);
      // The first image of a row may lie in a pruned entry; then it is taken as it comes.
      const expected = earlier === undefined ? (isWhole ? null : before) : earlier.row;
      if (!isDeepStrictEqual(before, expected))
        say(
          `entry ${seq}: before-image of ${place} is not what was there: ${JSON.stringify(before)} ≠ ${JSON.stringify(expected)}`,
        );
      const meant = before === null ? "create" : after === null ? "delete" : "update";
      if (op !== meant) say(`entry ${seq}: ${place} is called ${op}, its images say ${meant}`);
      known.set(place, { table, id, row: after, seq });
    }
  }
  for (const { table, id, row, seq } of known.values()) {
    const stored = tables.get(table)?.get(id);
    if (row === null) {
      if (stored !== undefined) say(`${table} ${id} was deleted at seq ${seq} and is there`);
    } else if (stored === undefined) say(`${table} ${id} was written at seq ${seq} and is not there`);
    else {
      if (!isDeepStrictEqual({ ...stored.row }, { ...row }))
        say(
          `${table} ${id} differs from its image of seq ${seq}: ${JSON.stringify(stored.row)} ≠ ${JSON.stringify(row)}`,
        );
      if (stored.version !== seq) say(`${table} ${id} has _version ${stored.version}, its last entry is ${seq}`);
    }
  }
  const first = log[0]?.seq ?? 1;
  for (const [table, rows] of tables) {
    for (const [id, { version }] of rows) {
      if (known.has(`${table} ${id}`)) continue;
      if (isWhole || version >= first) say(`${table} ${id} is in no entry of the ledger (its _version is ${version})`);
    }
  }
}
