/** Holds every file of src/ and durable-objects/ to the house's habits; and the checker itself to what it must find. */

import { describe, expect, test } from "vitest";
import { readFiles } from "./project-files.ts";
import { sourceProblems } from "./source-rules.ts";

const HEADER = "/** What this file owns. */\n";

test("every source file keeps the house's habits", () => {
  expect(readFiles(["src", "durable-objects"]).flatMap(sourceProblems)).toEqual([]);
});

describe("the checker", () => {
  test.each([
    ["src/core/ids.ts", "export const a = 1;"],
    ["src/worker.ts", "export default app;"],
    ["src/edge/limits.ts", "export const now = Date.now();"],
    ["src/core/a.ts", "const at = new Date(0); // as company, anyone"],
    ["src/define/a.ts", "// biome-ignore lint/suspicious/noExplicitAny: variance\ntype A = B<any>;"],
  ])("lets %s be", (path, body) => {
    expect(sourceProblems({ path, text: HEADER + body })).toEqual([]);
  });

  test("a header may follow #!, and a long file is one whose header says why", () => {
    const body = "export const a = 1;\n".repeat(301);
    expect(sourceProblems({ path: "src/cli/ledge.ts", text: `#!/usr/bin/env node\n${HEADER}` })).toEqual([]);
    expect(
      sourceProblems({
        path: "src/core/a.ts",
        text: `/** The grammar. More than 300 lines: one production each. */\n${body}`,
      }),
    ).toEqual([]);
    expect(sourceProblems({ path: "src/core/a.ts", text: HEADER + body })).toEqual([
      expect.stringMatching(/has 302 lines/),
    ]);
  });

  test.each([
    ["src/edge/a.ts", "import x from 'y';\n/** Late. */", /header comment/],
    ["src/edge/index.ts", HEADER, /says nothing/],
    ["src/edge/utils.ts", HEADER, /says nothing/],
    ["src/edge/object-manager.ts", HEADER, /says nothing/],
    ["src/edge/readBody.ts", HEADER, /kebab-case/],
    ["src/edge/a.ts", `${HEADER}const a = b as any;`, /a\.ts:2 uses any/],
    ["src/edge/a.ts", `${HEADER}const a = b as unknown as Record<string, any>;`, /uses any/],
    ["src/edge/a.ts", `${HEADER}export default 1;`, /default export/],
    ["src/edge/a.ts", `${HEADER}export default function f() {}`, /default export/],
    ["src/edge/a.ts", `${HEADER}const f = 1;\nexport { f as default };`, /default export/],
    ["src/edge/a.ts", `${HEADER}// ${"TO"}DO later`, /open end/],
    ["src/core/a.ts", `${HEADER}const at = Date.now();`, /Date\.now in the core/],
    ["src/core/a.ts", `${HEADER}const at = new Date();`, /new Date\(\) in the core/],
    ["src/core/a.ts", `${HEADER}const n = Math.random();`, /Math\.random in the core/],
  ])("finds what is wrong with %s %j", (path, text, problem) => {
    expect(sourceProblems({ path, text })).toEqual([expect.stringMatching(problem)]);
  });
});
