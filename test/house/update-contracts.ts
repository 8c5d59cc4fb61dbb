/**
 * Rewrites the test column of docs/contracts.md from the tests there are: `node test/house/update-contracts.ts` (Node 22.18 or
 * later). Says which tests name a rule that is not promised; those need a row, written by hand.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { contractProblems, readPromises, testsById, withTests } from "./contracts.ts";
import { ROOT, readFiles } from "./project-files.ts";

const file = join(ROOT, "docs/contracts.md");
const before = readFileSync(file, "utf8");
const tests = testsById(readFiles(["test"]));
const after = withTests(before, tests);
if (after !== before) writeFileSync(file, after);

const promises = readPromises(after);
const tested = promises.filter((promise) => promise.tests.length > 0).length;
const problems = contractProblems(promises, tests);
for (const problem of problems) console.error(problem);
console.log(
  `${promises.length} promises, ${tested} with tests; docs/contracts.md ${after === before ? "was current" : "updated"}`,
);
process.exitCode = problems.length > 0 ? 1 : 0;
