/** Tests of the command line and of migrations, in plain Node; those that start real processes are in test/e2e. */

import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { PATIENCE } from "./support/patience.ts";

export default defineConfig({
  root: join(import.meta.dirname, ".."),
  test: {
    name: "tools",
    environment: "node",
    include: ["test/cli/**/*.test.ts", "test/table/**/*.test.ts"],
    exclude: ["**/*.object.test.ts"],
    ...PATIENCE,
    testTimeout: 120_000,
  },
});
