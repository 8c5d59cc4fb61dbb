/**
 * How a filter is refused: one `filter-parse-error` with a code point span, and the nearest allowed word as a suggestion
 * ([QL14], [QL15]). Offsets inside the parser are UTF-16; they become code points only here, when something is wrong.
 */

import type { FilterFaultReason } from "../fault.ts";
import { Fault } from "../fault.ts";
import { codePointLength } from "../schema/value.ts";

/** Where a filter came from: its text (empty for a tree built in code) and the request parameter that carried it. */
export interface Origin {
  readonly text: string;
  readonly parameter: string;
}

export interface Complaint {
  readonly reason: FilterFaultReason;
  readonly detail: string;
  readonly suggestion?: string | undefined;
  readonly allowedOperators?: readonly string[] | undefined;
  readonly allowedFields?: readonly string[] | undefined;
}

/** Throws the fault for the UTF-16 span `start`…`end` of the origin's text. */
export function refuse(origin: Origin, start: number, end: number, complaint: Complaint): never {
  const { reason, detail, suggestion, allowedOperators, allowedFields } = complaint;
  throw new Fault({
    slug: "filter-parse-error",
    detail,
    parameter: origin.parameter,
    reason,
    position: codePointLength(origin.text.slice(0, start)),
    length: codePointLength(origin.text.slice(start, end)),
    ...(suggestion === undefined ? {} : { suggestion }),
    ...(allowedOperators === undefined ? {} : { allowedOperators }),
    ...(allowedFields === undefined ? {} : { allowedFields }),
  });
}

/**
 * The first of the nearest candidates, at most two edits away; undefined when none is that near. One that differs in case alone is
 * the nearest. Of a name something must be left: no edits replace all of it.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const folded = word.toLowerCase();
  const inOtherCase = candidates.find((candidate) => candidate.toLowerCase() === folded);
  if (inOtherCase !== undefined) return inOtherCase;
  let best: string | undefined;
  let bestDistance = /^[A-Za-z_]/.test(word) ? Math.min(3, word.length) : 3;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance over UTF-16 units, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
