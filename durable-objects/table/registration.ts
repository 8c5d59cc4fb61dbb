/**
 * An object's side of the register: before its first call it makes itself known, once per placement and schema; afterwards this
 * costs nothing. A table that the register calls stranded is not served, since its rows lie in another object.
 */

import { Fault } from "../../src/core/fault.ts";
import type { Sql } from "../sql/port.ts";
import { logLine } from "./log-line.ts";
import type { Placement, Registration, RegistryAnswer } from "./registry.ts";
import type { Store } from "./store.ts";
import { readMeta, writeMeta } from "./system-tables.ts";

/** What the instance remembers between calls. */
export interface Registrar {
  state: "unknown" | "registered";
  pending?: Promise<RegistryAnswer>;
  /** Tables that may not be served, and until when (ms) that is believed: asking wakes the objects of the old placement. */
  stranded?: { readonly answer: RegistryAnswer; readonly untilMs: number };
}

const BELIEVE_STRANDED_MS = 10_000;

/** Null when the object is known already; otherwise a promise that rejects with a fault when the table may not be served. */
export function ensureRegistered(
  store: Store,
  registrar: Registrar,
  table: string,
  register: ((registration: Registration) => Promise<RegistryAnswer>) | null,
): Promise<void> | null {
  if (registrar.state === "registered" || register === null) return null;
  const registration = registrationOf(store);
  const signature = JSON.stringify([registration.placements, registration.migration, registration.failed]);
  if (readMeta(store.sql, "registered") === signature) {
    registrar.state = "registered";
    return null;
  }
  return enter(store, registrar, table, signature, () => register(registration));
}

async function enter(
  store: Store,
  registrar: Registrar,
  table: string,
  signature: string,
  ask: () => Promise<RegistryAnswer>,
): Promise<void> {
  let answer: RegistryAnswer;
  try {
    const { stranded } = registrar;
    if (stranded !== undefined && store.clock() < stranded.untilMs) {
      answer = stranded.answer;
    } else {
      store.failPoint?.("register.before-asking");
      registrar.pending ??= ask();
      answer = await registrar.pending;
      if (answer.stranded.length > 0) registrar.stranded = { answer, untilMs: store.clock() + BELIEVE_STRANDED_MS };
    }
  } catch (error) {
    logLine("error", "the register of objects did not answer", { object: store.name, error: String(error) });
    throw new Fault({ slug: "unavailable", retryAfter: 1 });
  } finally {
    delete registrar.pending;
  }
  store.failPoint?.("register.answered");
  if (answer.stranded.length === 0 && registrar.state !== "registered") {
    writeMeta(store.sql, "registered", signature);
    registrar.state = "registered";
    store.failPoint?.("register.kept");
  }
  const stranded = answer.stranded.find((each) => each.table === table);
  if (stranded === undefined) return;
  const { was } = stranded;
  logLine("error", strandedMessage(store, table, was), { object: store.name, table });
  throw new Fault({
    slug: "unavailable",
    retryAfter: 60,
    detail: "The table's placement changed while its former object holds rows; the log names the mend.",
  });
}

function strandedMessage(store: Store, table: string, was: Placement): string {
  const resource = store.app.resources.get(table);
  const file = resource?.file ?? "its file in src/tables";
  return (
    `Table "${table}" (${file}) is now in group "${store.group}"${describePartition(resource?.spec.partitionBy ?? null)}, ` +
    `but its rows lie in group "${was.group}"${describePartition(was.partitionBy)}. ` +
    `Set group and partitionBy back, or export the rows, delete them, and import them again.`
  );
}

function describePartition(column: string | null): string {
  return column === null ? "" : `, partitioned by "${column}"`;
}

/** Name of the newest migration the object has had; null before the first. */
export function appliedMigration(sql: Sql): string | null {
  const hasAny =
    sql.all("SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = '_migrations'", []).length > 0;
  const tag = hasAny ? sql.all("SELECT max(tag) AS tag FROM _migrations", [])[0]?.tag : null;
  return typeof tag === "string" ? tag : null;
}

function registrationOf(store: Store): Registration {
  const placements = [...store.tables.values()].map(({ spec }) => ({
    table: spec.name,
    group: spec.group,
    partitionBy: spec.partitionBy,
  }));
  return {
    object: store.name,
    epoch: store.epoch,
    placements,
    migration: appliedMigration(store.sql),
    failed: store.health.kind === "failed" ? store.health.tag : null,
    registeredAt: store.clock(),
  };
}
