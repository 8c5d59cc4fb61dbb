/** Tests that clone, install and start the whole thing, one after the other: `npm run e2e`. */

import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: join(import.meta.dirname, ".."),
  test: {
    // Processes and pages that have just begun take their time.
    expect: { poll: { timeout: 20_000 } },
    name: "e2e",
    environment: "node",
    include: ["test/e2e/**/*.test.ts"],
    fileParallelism: false,
    bail: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters:
      process.env.CI === undefined
        ? ["default"]
        : ["default", ["json", { outputFile: `.ledge/${process.env.REPORT ?? "e2e"}.json` }]],
  },
});
