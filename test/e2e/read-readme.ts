/**
 * What README.md tells a newcomer to do, taken from its text. A comment that Markdown does not show stands before a block and
 * says what it is: `run` (commands), `file` (its whole content), `line` (to be added to a file).
 */

import { readFileSync } from "node:fs";

export interface ReadmeStep {
  readonly kind: "run" | "file" | "line";
  /** Of `run`: the step's name; otherwise the path of the file. */
  readonly name: string;
  readonly text: string;
}

const STEP = /<!-- (run|file|line): (\S+) -->\n```\w+\n([\s\S]*?)```/g;

export function readReadme(file: string): ReadmeStep[] {
  return [...readFileSync(file, "utf8").matchAll(STEP)].map(([, kind, name, text]) => ({
    kind: kind as ReadmeStep["kind"],
    name: name ?? "",
    text: text ?? "",
  }));
}

/** The text of the one step of that kind and name. */
export function stepOf(steps: readonly ReadmeStep[], kind: ReadmeStep["kind"], name: string): string {
  const found = steps.filter((step) => step.kind === kind && step.name === name);
  const [first] = found;
  if (first === undefined || found.length > 1)
    throw new Error(`README.md has ${found.length} steps <!-- ${kind}: ${name} -->, one is needed`);
  return first.text;
}

// `node test/e2e/read-readme.ts test` prints that command, for .ci/run.
if (process.argv[1] === import.meta.filename) {
  process.stdout.write(stepOf(readReadme("README.md"), "run", process.argv[2] ?? ""));
}
