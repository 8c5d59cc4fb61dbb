/** Starts the contenders, each in a workerd of its own with storage on disk, reached by a direct socket (no proxy). */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BundleOptions, bundleContender } from "./bundle-contender.ts";
import { LEDGE_BINDINGS, startWorker } from "./start-worker.ts";

export const CONTENDERS = ["ledge", "floor", "hono-d1"] as const;
export type ContenderName = (typeof CONTENDERS)[number];
/** Those of `npm run bench:transactions`. */
export const TRANSACTION_CONTENDERS = ["transactions", "transactions-floor"] as const;
export type AnyContender = ContenderName | (typeof TRANSACTION_CONTENDERS)[number];

export interface Contender<Name extends AnyContender = ContenderName> {
  readonly name: Name;
  readonly url: string;
  /** Of its workerd; what it did before is not ours to count. */
  readonly pid: number;
  /** Holds its SQLite files, somewhere below. */
  readonly folder: string;
  stop(): Promise<void>;
}

export interface StartOptions extends BundleOptions {
  /** What the D1 contender shows as its ledger position. */
  readonly seq: number;
  readonly inspectorPort?: number;
}

const CREATE_D1 = [
  "CREATE TABLE items (id text PRIMARY KEY NOT NULL, owner_id text NOT NULL, title text NOT NULL, status text NOT NULL, rank integer NOT NULL, score real, done integer NOT NULL, created_at integer NOT NULL, note text)",
  "CREATE INDEX items_by_owner ON items (owner_id)",
];

/** One after the other, please: the new process is told apart from those that run. */
export async function startContender<Name extends AnyContender>(
  name: Name,
  options: StartOptions,
): Promise<Contender<Name>> {
  const { seq, inspectorPort } = options;
  const folder = mkdtempSync(join(tmpdir(), `ledge-bench-${name}-`));
  const script = await bundleContender(name, folder, options);
  const bindings: Record<AnyContender, object> = {
    ledge: LEDGE_BINDINGS,
    transactions: LEDGE_BINDINGS,
    "transactions-floor": { durableObjects: { BANKS: { className: "BankObject", useSQLite: true } } },
    floor: { durableObjects: { ITEMS: { className: "ItemsObject", useSQLite: true } } },
    "hono-d1": { d1Databases: { DB: "bench" }, bindings: { SEQ: seq } },
  };
  const inspector = inspectorPort === undefined ? {} : { inspectorPort };
  const { miniflare, url, pid, stop } = await startWorker(folder, script, { ...bindings[name], ...inspector });
  if (name === "hono-d1") {
    const database = await miniflare.getD1Database("DB");
    for (const statement of CREATE_D1) await database.prepare(statement).run();
  }
  return { name, url, pid, folder, stop };
}
