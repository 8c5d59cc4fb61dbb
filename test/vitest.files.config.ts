/** Tests of files inside workerd: an application with the feature `files`, on a local R2 bucket. */

import { join } from "node:path";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { PATIENCE } from "./support/patience.ts";

const root = join(import.meta.dirname, "..");

export default defineConfig({
  root,
  plugins: [cloudflareTest({ wrangler: { configPath: join(root, "test/features/files/wrangler.toml") } })],
  test: {
    name: "files",
    include: ["test/features/files/**/*.test.ts"],
    exclude: ["**/*.node.test.ts"],
    isolate: false,
    setupFiles: [join(root, "test/support/reset-storage.ts")],
    globalSetup: [join(root, "test/features/files/fake-s3.ts")],
    ...PATIENCE,
  },
});
