/** Before the tests: the migrations of their objects and of D1, by the generator that users run. */

import { rmSync } from "node:fs";
import { join } from "node:path";
import { readD1Migrations } from "@cloudflare/vitest-plugin";
import type { TestProject } from "vitest/node";
import { generate } from "../../../src/cli/generate/generate.ts";

declare module "vitest" {
  interface ProvidedContext {
    d1Migrations: string;
  }
}

export default async function setup(project: TestProject): Promise<void> {
  const root = join(import.meta.dirname, "../../..");
  const state = join(root, "test/.generated");
  const migrations = join(state, "read-model");
  rmSync(migrations, { recursive: true, force: true });
  const outcome = await generate({
    project: { root, app: join(root, "test/features/read-model/app.ts"), migrations, state },
    mode: "write",
    renames: [],
    consent: { kind: "withheld" },
    acceptedPlacements: [],
  });
  if (outcome.kind === "refused") throw new Error(outcome.problems.join("\n"));
  project.provide("d1Migrations", JSON.stringify(await readD1Migrations(join(migrations, "d1"))));
}
