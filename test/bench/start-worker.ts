/** A Worker that is measured: one module, bundled as for a deployment, in a workerd of its own with storage on disk, reached by a direct socket (no proxy). */

import { rmSync } from "node:fs";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { workerdPids } from "./cpu-time.ts";

export const COMPATIBILITY_DATE = "2026-10-23";
const COMPATIBILITY = {
  compatibilityDate: COMPATIBILITY_DATE,
  compatibilityFlags: ["nodejs_compat", "enable_request_signal"],
};

/** What an application of Ledge is bound to. */
export const LEDGE_BINDINGS = {
  durableObjects: { LEDGE_TABLES: { className: "TableObject", useSQLite: true } },
  bindings: { LEDGE_SECRET: "bench-secret-bench-secret-bench-secret" },
};

export interface RunningWorker {
  readonly miniflare: Miniflare;
  readonly url: string;
  /** Of its workerd. */
  readonly pid: number;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

/** The path of the module in `folder`. `what`: esbuild's `entryPoints` or `stdin`, and what differs from the others. */
export async function bundleWorker(folder: string, what: BuildOptions): Promise<string> {
  const outfile = join(folder, "worker.mjs");
  await build({
    bundle: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    minify: true,
    outfile,
    logLevel: "error",
    ...what,
  });
  return outfile;
}

/** One after the other, please: the new process is told apart from those that run. `bound`: Miniflare's options for its bindings. */
export async function startWorker(folder: string, script: string, bound: object): Promise<RunningWorker> {
  const known = new Set(workerdPids());
  const miniflare = new Miniflare({
    ...convertV4MiniflareOptions({
      name: "bench",
      modules: [{ type: "ESModule", path: script }],
      modulesRoot: folder,
      ...COMPATIBILITY,
      ...bound,
      unsafeDirectSockets: [{ host: "127.0.0.1" }],
    } as never),
    resourcePersistencePath: join(folder, "state"),
  });
  await miniflare.ready;
  const pid = workerdPids().find((each) => !known.has(each));
  if (pid === undefined) throw new Error("the Worker has no workerd process");
  return {
    miniflare,
    url: (await miniflare.unsafeGetDirectURL()).href.replace(/\/$/, ""),
    pid,
    stop: async () => {
      await miniflare.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
