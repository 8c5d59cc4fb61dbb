/** Tests of the pure rooms and of SQL, in plain Node with node:sqlite: no workerd, so they start at once. */

import { defineConfig } from "vitest/config";
import { PATIENCE } from "./support/patience.ts";

export default defineConfig({
  test: {
    name: "node",
    root: new URL("..", import.meta.url).pathname,
    environment: "node",
    include: [
      "test/core/**/*.test.ts",
      "test/sql/**/*.test.ts",
      "test/edge/**/*.test.ts",
      "test/define/**/*.test.ts",
      "test/client/**/*.test.ts",
      "test/web/**/*.test.ts",
      "test/features/**/*.node.test.ts",
      "test/house/**/*.test.ts",
      "test/sim/**/*.test.ts",
    ],
    pool: "threads",
    ...PATIENCE,
  },
});
