/** Starts the contenders, each in a workerd of its own with storage on disk, reached by a direct socket (no proxy). */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { type BundleOptions, bundleContender } from "./bundle-contender.ts";
import { workerdPids } from "./cpu-time.ts";

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

export const COMPATIBILITY_DATE = "2026-10-23";
const COMPATIBILITY = {
  compatibilityDate: COMPATIBILITY_DATE,
  compatibilityFlags: ["nodejs_compat", "enable_request_signal"],
};
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
  const ledge = {
    durableObjects: { LEDGE_TABLES: { className: "TableObject", useSQLite: true } },
    bindings: { LEDGE_SECRET: "bench-secret-bench-secret-bench-secret" },
  };
  const bindings: Record<AnyContender, object> = {
    ledge,
    transactions: ledge,
    "transactions-floor": { durableObjects: { BANKS: { className: "BankObject", useSQLite: true } } },
    floor: { durableObjects: { ITEMS: { className: "ItemsObject", useSQLite: true } } },
    "hono-d1": { d1Databases: { DB: "bench" }, bindings: { SEQ: seq } },
  };
  const known = new Set(workerdPids());
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: "bench",
      modules: [{ type: "ESModule", path: script }],
      modulesRoot: folder,
      ...COMPATIBILITY,
      ...bindings[name],
      unsafeDirectSockets: [{ host: "127.0.0.1" }],
      ...(inspectorPort === undefined ? {} : { inspectorPort }),
      defaultPersistRoot: join(folder, "state"),
    } as never),
  );
  await miniflare.ready;
  const pid = workerdPids().find((each) => !known.has(each));
  if (pid === undefined) throw new Error(`${name} has no workerd process`);
  if (name === "hono-d1") {
    const database = await miniflare.getD1Database("DB");
    for (const statement of CREATE_D1) await database.prepare(statement).run();
  }
  return {
    name,
    url: (await miniflare.unsafeGetDirectURL()).href.replace(/\/$/, ""),
    pid,
    folder,
    stop: async () => {
      await miniflare.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
