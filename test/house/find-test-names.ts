/**
 * Finds the rules that a test file names: texts that begin with `[ID]`, or several of them (`[HT1] [HT2] a row …`), whether
 * they stand in `test("…")`, in a table of cases or in a contract suite; in a type test, which has no names, comments. Pure.
 */

import ts from "typescript";

const LEADING_IDS = /^(?:\[[A-Z]{1,3}[0-9]{1,2}\] ?)+/;
const LEADING_COMMENT = /^\/\/ (\[.*)$/gm;

/** Ids in order of first appearance. */
export function findRuleIds(path: string, text: string): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const ids = new Set<string>();
  const add = (name: string): void => {
    const leading = LEADING_IDS.exec(name)?.[0] ?? "";
    for (const [id] of leading.matchAll(/[A-Z]+[0-9]+/g)) ids.add(id);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  if (path.endsWith(".test-d.ts")) for (const [, comment = ""] of text.matchAll(LEADING_COMMENT)) add(comment);
  return [...ids];
}
