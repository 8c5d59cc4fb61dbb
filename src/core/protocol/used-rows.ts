/**
 * The question for a caller's rows of a table that a scope uses ([RV2]), and its answer; and what the object of that table tells those
 * who depend on it. Plain data, across RPC.
 */

import type { ObjectName } from "../ids.ts";
import { shortHash } from "../json.ts";
import type { Row } from "../schema/table-spec.ts";

/** Names a set of rows as they were written: what was removed and came back is another set. */
export function versionOf(rows: Iterable<{ readonly row: Row; readonly version: number }>, key: string): string {
  const written = [...rows].map(({ row, version }) => `${row[key]} ${version}`);
  return shortHash(written.sort().join("\n"));
}

export interface UsedQuestion {
  readonly table: string;
  /** The column that holds ids of users. */
  readonly column: string;
  readonly user: string;
  /** The object that is to be told of changes from then on; null: a request, which asks once. */
  readonly dependent: ObjectName | null;
}

export interface UsedAnswer {
  readonly rows: readonly Row[];
  /** Another one when any of them was written since ([RV7]). */
  readonly version: string;
  /** Where the object stood, in the same instant. */
  readonly epoch: string;
  readonly seq: number;
}

/** Rows of a user have changed, and are now these. */
export interface UsedNews extends UsedAnswer {
  readonly table: string;
  readonly column: string;
  readonly user: string;
}
