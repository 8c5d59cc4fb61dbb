/**
 * The import itself: rows of a file, several at a time, through the public API. The position moves only past rows whose
 * every predecessor is done, so an interrupted import goes on without a gap.
 */

import { isCreatableId } from "../../core/ids.ts";
import type { Json } from "../../core/json.ts";
import { convertValue } from "./convert-value.ts";
import { importId } from "./import-id.ts";
import type { ImportStore } from "./import-state.ts";
import type { ColumnMapping } from "./map-columns.ts";
import type { SourceForm, SourceRecord } from "./read-records.ts";
import { type Sent, sendRow } from "./send-row.ts";
import type { ImportTable } from "./table-description.ts";

export interface ImportPlan {
  readonly table: ImportTable;
  readonly mapping: ColumnMapping;
  readonly form: SourceForm;
  /** `POST` goes here. */
  readonly address: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Names file and table; ids are made from it. */
  readonly seed: string;
  /** Field whose value names a row, instead of its place. */
  readonly idFrom: string | null;
}

/** Requests under way at once. */
const CONCURRENCY = 8;
const SAVE_EVERY = 200;

/** Resolves when the file is through or `signal` was raised; what is under way is finished first. */
export async function importRows(
  plan: ImportPlan,
  records: AsyncIterator<SourceRecord>,
  store: ImportStore,
  signal: AbortSignal,
  onRow: (done: number) => void,
): Promise<void> {
  const { state } = store;
  const finished = new Set<number>();
  let failure: { readonly error: unknown } | null = null;

  const settle = (place: number) => {
    finished.add(place);
    while (finished.delete(state.place + 1)) {
      state.place += 1;
      if (state.place % SAVE_EVERY === 0) store.save();
    }
    onRow(state.place);
  };
  const work = async () => {
    while (failure === null && !signal.aborted) {
      const next = await records.next();
      if (next.done === true) return;
      const record = next.value;
      if (record.place <= state.place) continue;
      await importRow(plan, record, store);
      settle(record.place);
    }
  };
  const workers = Array.from({ length: CONCURRENCY }, () =>
    work().catch((error: unknown) => {
      failure ??= { error };
    }),
  );
  await Promise.all(workers);
  store.save();
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
}

async function importRow(plan: ImportPlan, record: SourceRecord, store: ImportStore): Promise<void> {
  const { counts } = store.state;
  const row: Record<string, Json> = {};
  const converted: string[] = [];
  for (const [field, column] of plan.mapping.columns) {
    const source = record.fields[field];
    if (source === undefined || (source === null && column.notNull && column.hasDefault)) continue;
    const { value, isConverted } = convertValue(column, source, plan.form);
    row[column.name] = value;
    if (isConverted) converted.push(column.name);
  }
  const identified = identify(plan, record, row);
  const sent: Sent = identified.kind === "refused" ? identified : await sendRow(plan.address, identified.headers, row);
  switch (sent.kind) {
    case "created":
      counts.created += 1;
      break;
    case "already-there":
      counts.alreadyThere += 1;
      break;
    case "refused":
      store.refuse(record, sent.reasons);
      return;
  }
  for (const name of converted) counts.converted[name] = (counts.converted[name] ?? 0) + 1;
}

/**
 * Puts the id into the row, so that sending it twice makes one row. Where only the object makes ids, an Idempotency-Key
 * takes that part; the server keeps it for a day.
 */
function identify(
  plan: ImportPlan,
  record: SourceRecord,
  row: Record<string, Json>,
):
  | { readonly kind: "identified"; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: "refused"; readonly reasons: readonly string[] } {
  const { primaryKey, idKind } = plan.table;
  const { headers } = plan;
  if (idKind === "int") {
    delete row[primaryKey];
    return {
      kind: "identified",
      headers: { ...headers, "idempotency-key": importId(plan.seed, String(record.place), record.place) },
    };
  }
  if (plan.idFrom !== null) {
    const value = record.fields[plan.idFrom];
    if (value === undefined || value === null || value === "")
      return { kind: "refused", reasons: [`${plan.idFrom} is empty and cannot name a row`] };
    const text = String(value);
    row[primaryKey] = idKind === "text" || isCreatableId(text, "uuid") ? text : importId(plan.seed, text, 0);
  } else row[primaryKey] ??= importId(plan.seed, String(record.place), record.place);
  return { kind: "identified", headers };
}
