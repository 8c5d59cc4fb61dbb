/**
 * docs/contracts.md as data: its promises, what contradicts the tests, and its text with the test column brought up to date.
 * A promise is a table row `| id | promise | test |`; `test` holds paths in backticks, or `none yet`. Pure.
 */

import { findRuleIds } from "./find-test-names.ts";
import type { SourceFile } from "./project-files.ts";

export interface Promised {
  readonly id: string;
  readonly text: string;
  /** Paths as listed; empty for `none yet`. */
  readonly tests: readonly string[];
  readonly line: number;
}

const ROW = /^\| ([A-Z]{1,3}[0-9]{1,2}) \| (.+) \| ([^|]*) \|$/;
export const NONE = "none yet";
/** Tests, type tests, and suites that tests run over several implementations. Other files may name tests, too. */
const TEST_FILE = /(\.test|\.test-d|-contract)\.tsx?$/;

export function readPromises(markdown: string): Promised[] {
  return markdown.split("\n").flatMap((line, index) => {
    const [, id, text, tests] = ROW.exec(line) ?? [];
    if (id === undefined || text === undefined || tests === undefined) return [];
    return [{ id, text, tests: [...tests.matchAll(/`([^`]+)`/g)].map((found) => found[1] ?? ""), line: index + 1 }];
  });
}

/** Paths of the test files that name a rule, by id; sorted. */
export function testsById(files: readonly SourceFile[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { path, text } of files.filter((file) => TEST_FILE.test(file.path))) {
    for (const id of findRuleIds(path, text)) found.set(id, [...(found.get(id) ?? []), path].sort());
  }
  return found;
}

/** What of the promises and the tests does not fit together. */
export function contractProblems(
  promises: readonly Promised[],
  tests: ReadonlyMap<string, readonly string[]>,
): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const { id, tests: listed, line } of promises) {
    const where = `docs/contracts.md:${line}`;
    const found = tests.get(id) ?? [];
    if (seen.has(id)) problems.push(`${where} ${id} is promised twice`);
    seen.add(id);
    if (listed.length === 0 && found.length > 0)
      problems.push(`${where} ${id} says "${NONE}", but ${found.join(", ")} tests it`);
    for (const path of listed) {
      if (!found.includes(path))
        problems.push(`${where} ${id} is listed as tested in ${path}, which has no test named [${id}]`);
    }
  }
  for (const [id, paths] of tests) {
    if (!seen.has(id)) problems.push(`${paths.join(", ")} tests [${id}], which docs/contracts.md does not promise`);
  }
  return problems;
}

/** The text with each promise's test column as the tests have it; nothing else changes. */
export function withTests(markdown: string, tests: ReadonlyMap<string, readonly string[]>): string {
  return markdown
    .split("\n")
    .map((line) =>
      line.replace(ROW, (_row, id: string, text: string) => `| ${id} | ${text} | ${testColumn(tests.get(id) ?? [])} |`),
    )
    .join("\n");
}

function testColumn(paths: readonly string[]): string {
  return paths.length === 0 ? NONE : paths.map((path) => `\`${path}\``).join(", ");
}
