/**
 * What an import keeps in `.ledge/` so that it can be interrupted and continued: how far it came, what it counted, and the
 * rows that were refused. Gone when the import is complete, except for the refused rows.
 */

import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SourceRecord } from "./read-records.ts";

export interface ImportCounts {
  created: number;
  alreadyThere: number;
  refused: number;
  /** Values whose type changed, by column. */
  readonly converted: Record<string, number>;
  /** Rows (the first few, by place) and their number, by reason. */
  readonly reasons: Record<string, { count: number; readonly places: number[] }>;
}

export interface ImportState {
  /** Every row up to this place is done. */
  place: number;
  readonly counts: ImportCounts;
}

const SHOWN_PLACES = 5;

export interface ImportStore {
  readonly state: ImportState;
  readonly refusedFile: string;
  save(): void;
  refuse(record: SourceRecord, reasons: readonly string[]): void;
  finish(): void;
}

/** `key` names file, table and address: another import has another state. */
export function openImport(folder: string, key: string): ImportStore {
  const file = join(folder, `import-${key}.json`);
  const refusedFile = join(folder, `import-${key}.refused.jsonl`);
  const isContinued = existsSync(file);
  const state: ImportState = isContinued
    ? (JSON.parse(readFileSync(file, "utf8")) as ImportState)
    : { place: 0, counts: { created: 0, alreadyThere: 0, refused: 0, converted: {}, reasons: {} } };
  if (!isContinued) rmSync(refusedFile, { force: true });
  mkdirSync(folder, { recursive: true });
  return {
    state,
    refusedFile,
    save: () => writeFileSync(file, JSON.stringify(state)),
    refuse: ({ place, fields }, reasons) => {
      const { counts } = state;
      counts.refused += 1;
      for (const reason of reasons) {
        counts.reasons[reason] ??= { count: 0, places: [] };
        const entry = counts.reasons[reason];
        entry.count += 1;
        if (entry.places.length < SHOWN_PLACES) entry.places.push(place);
      }
      appendFileSync(refusedFile, `${JSON.stringify({ place, reasons, fields })}\n`);
    },
    finish: () => rmSync(file, { force: true }),
  };
}
