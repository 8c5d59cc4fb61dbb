/**
 * The house's habits that can be checked by machine (Biome and the compiler check the others): the header, names, length,
 * `any`, default exports, open ends, and that the core has no clock and no randomness. Pure: one file in, problems out.
 */

import ts from "typescript";
import type { SourceFile } from "./project-files.ts";

const MAX_LINES = 300;
/** What a header says of its file when that is longer than `MAX_LINES`. */
const SAYS_WHY = /\blines\b|\bone file\b/;
const BAD_NAMES = /^(index|utils?|helpers?|common|misc|.*-?manager)\.tsx?$/;
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.tsx?$/;
const OPEN_ENDS = /\b(TODO|FIXME|XXX|HACK)\b/;
/** The Worker's entry must export by default; so must a configuration file that its tool reads. */
const DEFAULT_EXPORTS = /^src\/worker\.ts$|\.config\.ts$/;
const EXPLAINED_ANY = /biome-ignore lint\/suspicious\/noExplicitAny: \S/;

/** One message for each breach, `path:line what`. */
export function sourceProblems(file: SourceFile): string[] {
  const { path, text } = file;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1;
  const problems: string[] = [];
  const report = (line: number, what: string) => problems.push(`${path}:${line} ${what}`);

  const name = path.split("/").at(-1) ?? path;
  if (BAD_NAMES.test(name)) report(1, "has a name that says nothing: name a file after what it exports");
  else if (!KEBAB_CASE.test(name)) report(1, "is not named in kebab-case");

  const header = headerOf(text);
  if (header === null) report(1, "does not open with a header comment: what it owns, what it refuses, who calls it");
  const lines = text.trimEnd().split("\n").length;
  if (lines > MAX_LINES && !SAYS_WHY.test(header ?? ""))
    report(1, `has ${lines} lines, and its header does not say why it has more than ${MAX_LINES}`);

  text.split("\n").forEach((line, index) => {
    if (OPEN_ENDS.test(line)) report(index + 1, "leaves an open end in a comment: do it, or write an issue");
  });

  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.AnyKeyword && !isExplained(text, lineOf(node.getStart(source)))) {
      report(lineOf(node.getStart(source)), "uses any: say unknown and parse, or explain it with biome-ignore");
    }
    const isDefaultExport =
      ts.isExportAssignment(node) ||
      (ts.canHaveModifiers(node) &&
        (ts.getModifiers(node) ?? []).some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword)) ||
      (ts.isExportSpecifier(node) && node.name.text === "default");
    if (isDefaultExport && !DEFAULT_EXPORTS.test(path)) report(lineOf(node.getStart(source)), "has a default export");
    if (path.startsWith("src/core/")) {
      const what = impurity(node);
      if (what !== null)
        report(lineOf(node.getStart(source)), `${what} in the core, which has no clock and no randomness`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return problems;
}

/** The comment at the top, after `#!`; null when code comes first. */
function headerOf(text: string): string | null {
  return /^(?:#![^\n]*\n)?\s*(\/\*\*[\s\S]*?\*\/|(?:\/\/[^\n]*\n)+)/.exec(text)?.[1] ?? null;
}

function isExplained(text: string, line: number): boolean {
  const lines = text.split("\n");
  return EXPLAINED_ANY.test(lines[line - 2] ?? "") || EXPLAINED_ANY.test(lines[line - 1] ?? "");
}

function impurity(node: ts.Node): string | null {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const used = `${node.expression.text}.${node.name.text}`;
    return ["Date.now", "Math.random", "performance.now", "crypto.getRandomValues", "crypto.randomUUID"].includes(used)
      ? used
      : null;
  }
  const isNow =
    ts.isNewExpression(node) &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === "Date" &&
    (node.arguments?.length ?? 0) === 0;
  return isNow ? "new Date()" : null;
}
