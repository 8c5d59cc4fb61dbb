/**
 * `node test/crash/files-server.ts <folder>`: the application of the files tests on workerd, its objects and its bucket on local disk in the
 * folder. Says where it listens, and serves until its process group is killed.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { bundleWorker, LEDGE_BINDINGS, startWorker } from "../bench/start-worker.ts";

const [folder = ""] = process.argv.slice(2);
const built = join(folder, "worker.mjs");
const script = existsSync(built)
  ? built
  : await bundleWorker(folder, {
      entryPoints: [join(import.meta.dirname, "../features/files/worker.ts")],
      mainFields: ["browser", "module", "main"],
    });
const { url } = await startWorker(folder, script, {
  ...LEDGE_BINDINGS,
  bindings: { ...LEDGE_BINDINGS.bindings, LEDGE_ENV: "development", LEDGE_LOG_LEVEL: "error" },
  r2Buckets: ["LEDGE_FILES"],
});
console.log(`listens on ${url}`);
