/** Tests of the read model inside workerd: real objects and a local D1, with the migrations that `ledge generate` writes for them. */

import { join } from "node:path";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { PATIENCE } from "./support/patience.ts";

const root = join(import.meta.dirname, "..");

export default defineConfig({
  root,
  plugins: [cloudflareTest({ wrangler: { configPath: join(root, "test/features/read-model/wrangler.toml") } })],
  test: {
    name: "read-model",
    include: ["test/features/read-model/**/*.test.ts"],
    exclude: ["**/*.node.test.ts"],
    globalSetup: [join(root, "test/features/read-model/generate-database.ts")],
    isolate: false,
    setupFiles: [
      join(root, "test/support/reset-storage.ts"),
      join(root, "test/features/read-model/migrate-database.ts"),
    ],
    ...PATIENCE,
  },
});
