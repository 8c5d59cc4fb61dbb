/**
 * Every test that `npm test` runs, as projects: in plain Node, in workerd, and on real processes. The end-to-end tests in
 * test/e2e clone and install, so they run with `npm run e2e`, as a part of `npm run check`.
 */

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      "test/vitest.node.config.ts",
      "test/vitest.tools.config.ts",
      "test/vitest.object.config.ts",
      "test/vitest.workers.config.ts",
      "test/vitest.auth.config.ts",
      "test/vitest.files.config.ts",
      "test/vitest.jobs.config.ts",
      "test/vitest.read-model.config.ts",
    ],
    // CI reads how many tests ran from here (.ci/run).
    reporters: process.env.CI === undefined ? ["default"] : ["default", ["json", { outputFile: ".ledge/tests.json" }]],
  },
});
