/**
 * Before the fuzz tests: the migrations of their application, by the generator that users run, and the Worker's entry. Both lie
 * under test/.generated/fuzz, apart from those of the other tests, so that the two may run side by side.
 */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "../../src/cli/generate/generate.ts";

const ENTRY = `import { tableObject } from "../../../durable-objects/table/table-object.ts";
import { app } from "../../fuzz/fuzz-app.ts";
import { migrations } from "./migrations/migrations.ts";

export const TableObject = tableObject(app, migrations);
export default app;
`;

export default async function setup(): Promise<void> {
  const root = join(import.meta.dirname, "../..");
  const folder = join(root, "test/.generated/fuzz");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const outcome = await generate({
    project: { root, app: join(root, "test/fuzz/fuzz-app.ts"), migrations: join(folder, "migrations"), state: folder },
    mode: "write",
    renames: [],
    consent: { kind: "withheld" },
    acceptedPlacements: [],
  });
  if (outcome.kind === "refused") throw new Error(outcome.problems.join("\n"));
  writeFileSync(join(folder, "worker.ts"), ENTRY);
}
