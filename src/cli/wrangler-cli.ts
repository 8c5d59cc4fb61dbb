/** How the tools start wrangler: its own entry (its `bin` would be one more process), and an environment that keeps it quiet. */

import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export function wranglerCli(root: string): string {
  const manifest = createRequire(join(root, "package.json")).resolve("wrangler/package.json");
  return join(dirname(manifest), "wrangler-dist/cli.js");
}

/**
 * Nothing leaves the machine: `cf` properties are not fetched, nothing is reported. And fast: the local trace store, on by
 * default, makes writes about five times slower (wrangler 4.155).
 */
export const QUIET_WRANGLER: Readonly<Record<string, string>> = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
  X_LOCAL_OBSERVABILITY: "false",
  X_LOCAL_EXPLORER: "false",
};
