/**
 * Hostile input: the fuzzer and the directed attacks inside workerd, on an application of their own; what needs sources on disk
 * or bare sockets in plain Node (`*.node.test.ts`). RUNS= and SEED= widen the fuzzer.
 */

import { join } from "node:path";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const root = join(import.meta.dirname, "..");
const { RUNS, SEED } = process.env;

export default defineConfig({
  test: {
    reporters: process.env.CI === undefined ? ["default"] : ["default", ["json", { outputFile: ".ledge/fuzz.json" }]],
    projects: [
      {
        root,
        plugins: [cloudflareTest({ wrangler: { configPath: join(root, "test/fuzz/wrangler.toml") } })],
        test: {
          name: "fuzz",
          include: ["test/fuzz/**/*.test.ts"],
          exclude: ["test/fuzz/**/*.node.test.ts"],
          globalSetup: [join(root, "test/fuzz/generate-worker.ts")],
          testTimeout: 600_000,
          env: { ...(RUNS === undefined ? {} : { RUNS }), ...(SEED === undefined ? {} : { SEED }) },
        },
      },
      {
        root,
        test: {
          name: "fuzz-node",
          environment: "node",
          include: ["test/fuzz/**/*.node.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
