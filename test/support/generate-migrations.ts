/** Before the tests: the migrations of the test application, by the same generator that users run. */

import { rmSync } from "node:fs";
import { join } from "node:path";
import { generate } from "../../src/cli/generate/generate.ts";

export default async function setup(): Promise<void> {
  const root = join(import.meta.dirname, "../..");
  const migrations = join(root, "test/.generated/migrations");
  rmSync(migrations, { recursive: true, force: true });
  const outcome = await generate({
    project: { root, app: join(root, "test/support/test-app.ts"), migrations, state: join(root, "test/.generated") },
    mode: "write",
    renames: [],
    consent: { kind: "withheld" },
    acceptedPlacements: [],
  });
  if (outcome.kind === "refused") throw new Error(outcome.problems.join("\n"));
}
