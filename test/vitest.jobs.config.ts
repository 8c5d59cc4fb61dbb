/** Tests of jobs inside workerd: an application with the feature `jobs`. */

import { join } from "node:path";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { PATIENCE } from "./support/patience.ts";

const root = join(import.meta.dirname, "..");

export default defineConfig({
  root,
  plugins: [cloudflareTest({ wrangler: { configPath: join(root, "test/features/jobs/wrangler.toml") } })],
  test: {
    name: "jobs",
    include: ["test/features/jobs/**/*.test.ts"],
    exclude: ["**/*.node.test.ts"],
    isolate: false,
    setupFiles: [join(root, "test/support/reset-storage.ts")],
    ...PATIENCE,
  },
});
