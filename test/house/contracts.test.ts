/** Holds docs/contracts.md and the names of the tests together. Out of step? `node test/house/update-contracts.ts`. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { contractProblems, readPromises, testsById, withTests } from "./contracts.ts";
import { findRuleIds } from "./find-test-names.ts";
import { ROOT, readFiles } from "./project-files.ts";

const markdown = readFileSync(join(ROOT, "docs/contracts.md"), "utf8");
const promises = readPromises(markdown);

describe("the project", () => {
  test("[TS4] every promise with a test has one, every test names a promise, and none is said to lack one that it has", () => {
    expect(contractProblems(promises, testsById(readFiles(["test"])))).toEqual([]);
  });

  test("no row of a table in docs/contracts.md is passed over", () => {
    const rows = markdown
      .split("\n")
      .filter((line) => line.startsWith("|") && !/^\| (id|---)/.test(line) && !line.startsWith("|-"));
    expect(rows.length).toBe(promises.length);
    expect(promises.length).toBeGreaterThan(100);
  });
});

describe("the checker", () => {
  // Written so that this file names no rule that does not exist.
  const name = (...ids: string[]) => ids.map((id) => `[${id}]`).join(" ");
  const table = [
    "| id | promise | test |",
    "|---|---|---|",
    "| ZA1 | One \\| two. | none yet |",
    "| ZA2 | Three. | `test/a.test.ts`, `test/b.test.ts` |",
  ].join("\n");
  const testFile = (path: string, ...ids: string[]) => ({
    path,
    text: `test("${name(...ids)} a row is kept", () => {});`,
  });

  test("ids stand at the beginning of a text, one or several", () => {
    const text = `
      test("${name("ZA1", "ZA2")} works", f);
      test.each([{ name: "${name("ZA3")} case" }])("$name", f);
      suite(\`${name("ZA4")} with \${value}\`);
      // test("${name("ZA5")} in a comment")
      expect(body).toBe("see ${name("ZA6")}");`;
    expect(findRuleIds("test/a.test.ts", text)).toEqual(["ZA1", "ZA2", "ZA3", "ZA4"]);
    const types = "// [ZA5] what must not compile\n// see [ZA6]\n";
    expect([findRuleIds("test/a.test-d.ts", types), findRuleIds("test/a.test.ts", types)]).toEqual([["ZA5"], []]);
  });

  test("files that only speak of tests are none", () => {
    const files = ["test/a.test.ts", "test/b-contract.ts", "test/c.test-d.ts", "test/support/a.ts"];
    expect(testsById(files.map((path) => testFile(path, "ZA1"))).get("ZA1")).toEqual([files[0], files[1], files[2]]);
  });

  test("promises are read with their tests", () => {
    expect(readPromises(table)).toEqual([
      { id: "ZA1", text: "One \\| two.", tests: [], line: 3 },
      { id: "ZA2", text: "Three.", tests: ["test/a.test.ts", "test/b.test.ts"], line: 4 },
    ]);
  });

  test("a promise without the test it lists, a test without a promise, and a test that is denied are found", () => {
    const tests = testsById([testFile("test/a.test.ts", "ZA1", "ZA2"), testFile("test/c.test.ts", "ZA9")]);
    expect(contractProblems(readPromises(table), tests)).toEqual([
      expect.stringMatching(/ZA1 says "none yet", but test\/a\.test\.ts tests it/),
      expect.stringMatching(/ZA2 is listed as tested in test\/b\.test\.ts, which has no test/),
      expect.stringMatching(/test\/c\.test\.ts tests \[ZA9\], which docs\/contracts\.md does not promise/),
    ]);
    expect(
      contractProblems(
        readPromises(`${table}\n${table}`),
        testsById([testFile("test/a.test.ts", "ZA2"), testFile("test/b.test.ts", "ZA2")]),
      ),
    ).toEqual([expect.stringMatching(/ZA1 is promised twice/), expect.stringMatching(/ZA2 is promised twice/)]);
  });

  test("bringing the text up to date changes the test column alone, and leaves nothing to complain of", () => {
    const tests = testsById([testFile("test/z.test.ts", "ZA1"), testFile("test/a.test.ts", "ZA1")]);
    const updated = withTests(`# Title\n\n${table}\n`, tests);
    expect(updated).toBe(
      `# Title\n\n${table}\n`
        .replace("none yet", "`test/a.test.ts`, `test/z.test.ts`")
        .replace("`test/a.test.ts`, `test/b.test.ts` |", "none yet |"),
    );
    expect(contractProblems(readPromises(updated), tests)).toEqual([]);
  });
});
