/** Crash tests, in plain Node: they start, kill and inspect real workerd processes, one file after the other. */

import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { PATIENCE } from "./support/patience.ts";

export default defineConfig({
  test: {
    name: "crash",
    root: join(import.meta.dirname, ".."),
    environment: "node",
    include: ["test/crash/**/*.test.ts"],
    fileParallelism: false,
    maxWorkers: 1,
    ...PATIENCE,
    testTimeout: 600_000,
    hookTimeout: 120_000,
    // CI reads how many tests ran from here (.ci/run).
    reporters: process.env.CI === undefined ? ["default"] : ["default", ["json", { outputFile: ".ledge/crash.json" }]],
  },
});
