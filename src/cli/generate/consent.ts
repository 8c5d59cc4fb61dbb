/**
 * Where a person decides: whether something gone was renamed, and whether a change that touches existing rows may go ahead.
 * Answers come from flags, from a terminal, or not at all, and then the change is refused with the flags that would answer.
 */

import { type Ask, print } from "../terminal.ts";
import type { Change } from "./changes.ts";
import { type Ambiguity, ambiguities, type Rename, renameAll } from "./renames.ts";
import type { SnapshotTables } from "./snapshot.ts";

export type Consent =
  /** `--accept-destructive`: what was not declared a rename is dropped. */
  | { readonly kind: "given" }
  | { readonly kind: "asked"; readonly ask: Ask }
  /** Nobody to ask. */
  | { readonly kind: "withheld" };

export type Resolution =
  | { readonly kind: "resolved"; readonly renames: readonly Rename[] }
  | { readonly kind: "refused"; readonly problems: readonly string[] };

/** All renames of a group: the declared ones and those answered. Tables in `settled` moved elsewhere and are not asked about. */
export async function resolveRenames(
  before: SnapshotTables,
  after: SnapshotTables,
  declared: readonly Rename[],
  consent: Consent,
  settled: readonly string[],
): Promise<Resolution> {
  const renames = [...declared];
  const answered = new Set(settled);
  const open = () => ambiguities(renameAll(before, renames), after).filter((each) => !answered.has(key(each)));
  if (consent.kind === "given") return { kind: "resolved", renames };
  if (consent.kind === "withheld") {
    const problems = open().map(refusal);
    return problems.length > 0 ? { kind: "refused", problems } : { kind: "resolved", renames };
  }
  for (let next = open()[0]; next !== undefined; next = open()[0]) {
    const { gone, candidates, table } = next;
    const options = [...candidates.map((name) => `renamed to ${name}`), "dropped, with what it holds"];
    const choice = await consent.ask.choose(
      `${table === null ? "Table" : "Column"} ${key(next)} is gone. Was it`,
      options,
    );
    const to = candidates[choice];
    if (to === undefined) answered.add(key(next));
    else renames.push(table === null ? { kind: "table", from: gone, to } : { kind: "column", table, from: gone, to });
  }
  return { kind: "resolved", renames };
}

/** Why the changes of a group may not go ahead, or null when they may. */
export async function refusalOf(group: string, risky: readonly Change[], consent: Consent): Promise<string | null> {
  if (risky.length === 0 || consent.kind === "given") return null;
  const list = risky.map((change) => `  - ${change.text}`).join("\n");
  if (consent.kind === "withheld") {
    return (
      `Changing "${group}" touches rows that exist:\n${list}\n` +
      "Agree to it with: npx ledge generate --accept-destructive (in a terminal, npx ledge generate asks)."
    );
  }
  print(`Changing "${group}" touches rows that exist:\n${list}`);
  const answer = await consent.ask.confirm("Write this migration?");
  return answer === "yes" ? null : `The change of "${group}" was not agreed to: nothing is written.`;
}

function refusal(open: Ambiguity): string {
  const [first = "…"] = open.candidates;
  const news = open.candidates.map((name) => `"${name}"`).join(", ");
  const what = open.table === null ? `Table "${open.gone}"` : `Table "${open.table}": column "${open.gone}"`;
  return (
    `${what} is gone, and ${news} ${open.candidates.length === 1 ? "is" : "are"} new. ` +
    `If it was renamed: npx ledge generate --rename ${key(open)}=${first}. If it was not, it is lost: npx ledge generate --accept-destructive.`
  );
}

function key(each: Ambiguity): string {
  return each.table === null ? each.gone : `${each.table}.${each.gone}`;
}
