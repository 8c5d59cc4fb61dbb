/** Tests that run inside workerd: the test application behind a real Worker, its objects on real SQLite storage. */

import { join } from "node:path";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { PATIENCE } from "./support/patience.ts";

const root = join(import.meta.dirname, "..");

export default defineConfig({
  root,
  plugins: [cloudflareTest({ wrangler: { configPath: join(root, "test/support/wrangler.toml") } })],
  test: {
    ...PATIENCE,
    include: ["test/worker/**/*.test.ts"],
    isolate: false,
    setupFiles: [join(root, "test/support/reset-storage.ts")],
    globalSetup: [join(root, "test/support/generate-migrations.ts")],
  },
});
