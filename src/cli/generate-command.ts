/** `ledge generate`: migrations from the tables, written or checked. */

import { parseArgs } from "node:util";
import type { Consent } from "./generate/consent.ts";
import { type GenerateOutcome, generate } from "./generate/generate.ts";
import { parseRename, type Rename } from "./generate/renames.ts";
import { CliError, projectAt } from "./project.ts";
import { dim, print, printDone, printError, terminalAsk } from "./terminal.ts";

export const generateHelp = `ledge generate [options]      writes the migrations that bring objects up to src/tables

  --check                     write nothing; exit code 1 when migrations are missing (CI)
  --name <name>               name of the migration, instead of one made from the changes
  --rename tasks.title=name   a column was renamed (SQL names); --rename tasks=jobs for a table. Repeatable
  --accept-destructive        agree to changes that touch existing rows
  --accept-placement <table>  agree to a changed group or partitionBy: the table holds no rows. Repeatable`;

/** Returns the exit code. */
export async function generateCommand(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      check: { type: "boolean", default: false },
      name: { type: "string" },
      rename: { type: "string", multiple: true, default: [] },
      "accept-destructive": { type: "boolean", default: false },
      "accept-placement": { type: "string", multiple: true, default: [] },
    },
  });
  const outcome = await generate({
    project: projectAt(process.cwd()),
    mode: values.check ? "check" : "write",
    renames: values.rename.map(readRename),
    consent: values["accept-destructive"] ? { kind: "given" } : consentHere(),
    acceptedPlacements: values["accept-placement"],
    ...(values.name === undefined ? {} : { name: readName(values.name) }),
  });
  printOutcome(outcome, values.check ? "check" : "write");
  return outcome.kind === "refused" || (values.check && outcome.kind === "changed") ? 1 : 0;
}

/** Questions on a terminal, refusals elsewhere. */
export function consentHere(): Consent {
  const ask = terminalAsk();
  return ask === null ? { kind: "withheld" } : { kind: "asked", ask };
}

export function printOutcome(outcome: GenerateOutcome, mode: "write" | "check"): void {
  switch (outcome.kind) {
    case "current":
      printDone("migrations are current");
      return;
    case "refused":
      for (const problem of outcome.problems) printError(problem);
      return;
    case "changed":
      for (const { group, tag, changes } of outcome.migrations) {
        print(`migrations/${group}/${tag}.sql`);
        for (const change of changes) print(dim(`  ${change.text}`));
      }
      if (mode === "write") printDone("migrations written");
      else printError("migrations are behind src/tables. Run: npm run generate");
  }
}

function readRename(text: string): Rename {
  const rename = parseRename(text);
  if (rename === null) throw new CliError(`Cannot read --rename ${text}: write table.old=new, or old=new for a table.`);
  return rename;
}

function readName(text: string): string {
  if (!/^[a-z0-9_]{1,48}$/.test(text)) throw new CliError(`Cannot use --name ${text}: write 1–48 of a–z, 0–9 and _.`);
  return text;
}
