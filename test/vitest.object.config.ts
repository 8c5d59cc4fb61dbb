/** Tests of what runs on Durable Object storage without an application around it. */

import { join } from "node:path";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { PATIENCE } from "./support/patience.ts";

const root = join(import.meta.dirname, "..");

export default defineConfig({
  root,
  plugins: [cloudflareTest({ wrangler: { configPath: join(root, "test/support/bare-object.toml") } })],
  test: {
    name: "object",
    ...PATIENCE,
    include: ["test/table/**/*.object.test.ts"],
    isolate: false,
    setupFiles: [join(root, "test/support/reset-storage.ts")],
  },
});
