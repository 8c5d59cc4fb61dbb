/** Tests of sign-in inside workerd: an application with the feature `auth`, on a real D1 with the project's own migrations. */

import { join } from "node:path";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { PATIENCE } from "./support/patience.ts";

const root = join(import.meta.dirname, "..");

export default defineConfig({
  root,
  plugins: [
    cloudflareTest({
      wrangler: { configPath: join(root, "test/features/auth/wrangler.toml") },
      miniflare: {
        bindings: { D1_MIGRATIONS: JSON.stringify(await readD1Migrations(join(root, "migrations/d1"))) },
      },
    }),
  ],
  test: {
    name: "auth",
    include: ["test/features/auth/**/*.test.ts"],
    exclude: ["**/*.node.test.ts"],
    isolate: false,
    setupFiles: [join(root, "test/support/reset-storage.ts"), join(root, "test/features/auth/migrate-database.ts")],
    ...PATIENCE,
  },
});
