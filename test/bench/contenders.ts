/** Starts the contenders, each in a workerd of its own with storage on disk, reached by a direct socket (no proxy). */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

export type ContenderName = "ledge" | "floor" | "hono-d1";

export interface Contender {
  readonly name: ContenderName;
  readonly url: string;
  stop(): Promise<void>;
}

const COMPATIBILITY = {
  compatibilityDate: "2026-10-23",
  compatibilityFlags: ["nodejs_compat", "enable_request_signal"],
};
const CREATE_D1 = [
  "CREATE TABLE items (id text PRIMARY KEY NOT NULL, owner_id text NOT NULL, title text NOT NULL, status text NOT NULL, rank integer NOT NULL, score real, done integer NOT NULL, created_at integer NOT NULL, note text)",
  "CREATE INDEX items_by_owner ON items (owner_id)",
];

/** Bundles and starts one. `seq` is what the D1 contender shows as its ledger position. */
export async function startContender(
  name: ContenderName,
  seq: number,
  { inspectorPort, minify = true }: { readonly inspectorPort?: number; readonly minify?: boolean } = {},
): Promise<Contender> {
  const folder = mkdtempSync(join(tmpdir(), `ledge-bench-${name}-`));
  const script = join(folder, "worker.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, `${name === "hono-d1" ? "hono" : name}-worker.ts`)],
    bundle: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    loader: { ".sql": "text" },
    minify,
    outfile: script,
    logLevel: "error",
  });
  const bindings = {
    ledge: {
      durableObjects: { LEDGE_TABLES: { className: "TableObject", useSQLite: true } },
      bindings: { LEDGE_SECRET: "bench-secret-bench-secret-bench-secret" },
    },
    floor: { durableObjects: { ITEMS: { className: "ItemsObject", useSQLite: true } } },
    "hono-d1": { d1Databases: { DB: "bench" }, bindings: { SEQ: seq } },
  }[name];
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: "bench",
      modules: [{ type: "ESModule", path: script }],
      modulesRoot: folder,
      ...COMPATIBILITY,
      ...bindings,
      unsafeDirectSockets: [{ host: "127.0.0.1" }],
      ...(inspectorPort === undefined ? {} : { inspectorPort }),
      defaultPersistRoot: join(folder, "state"),
    } as never),
  );
  await miniflare.ready;
  if (name === "hono-d1") {
    const database = await miniflare.getD1Database("DB");
    for (const statement of CREATE_D1) await database.prepare(statement).run();
  }
  const url = (await miniflare.unsafeGetDirectURL()).href.replace(/\/$/, "");
  return {
    name,
    url,
    stop: async () => {
      await miniflare.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
