/**
 * Plants each fault of `chaos-faults.ts` in a copy of the repository and runs the crash test that must notice it, with its seed:
 * `caught` or `missed`. Fails when one is missed, when a test is red without a fault, or when a fault's text no longer stands in its file.
 * By hand, and where there is time: `node test/mutants/chaos.ts [rule or text of a description …]`. Half a minute a fault.
 */

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { CHAOS_FAULTS, type ChaosFault } from "./chaos-faults.ts";

const ROOT = join(import.meta.dirname, "../..");
const LEFT_OUT = new Set(["node_modules", ".git", ".wrangler", ".generated", "dist"]);
/** One campaign of a few seconds: what it hits matters here, not that it hits everything. */
const SHORT = { RUNS: "1", LOAD_MS: "8000", PATIENCE: "1", ROUNDS: "2" };

const wanted = process.argv.slice(2);
const faults = CHAOS_FAULTS.filter(
  ({ rule, what }) => wanted.length === 0 || wanted.some((text) => text === rule || what.includes(text)),
);
const copy = mkdtempSync(join(tmpdir(), "ledge-mutants-"));
let isClean = true;
try {
  cpSync(ROOT, copy, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  for (const { rule, file, find } of faults) {
    const times = readFileSync(join(copy, file), "utf8").split(find).length - 1;
    if (times !== 1) complain(`${rule}: the text stands ${times} times in ${file}: ${find}`);
  }
  for (const test of new Set(faults.map((fault) => fault.test))) {
    const { isGreen, output } = run(test, 1);
    if (!isGreen) complain(`${test} is red without a fault:\n${output}`);
  }
  if (isClean) for (const [index, fault] of faults.entries()) plant(fault, `${index + 1}/${faults.length}`);
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.exitCode = isClean ? 0 : 1;

function plant({ rule, what, file, find, replace, test, seed }: ChaosFault, place: string): void {
  const path = join(copy, file);
  const whole = readFileSync(path, "utf8");
  writeFileSync(
    path,
    whole.replace(find, () => replace),
  );
  const { isGreen, output } = run(test, seed);
  writeFileSync(path, whole);
  const line = `${place} ${rule.padEnd(5)} ${test}, seed ${seed}: ${what}`;
  if (isGreen) complain(`missed  ${line}`);
  else console.log(`caught  ${line}\n        ${reasonIn(output)}`);
}

/** The campaign's own tests only: whether every fail point was hit is not asked here. */
function run(test: ChaosFault["test"], seed: number): { isGreen: boolean; output: string } {
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const named = test === "kill" ? ["-t", "seed"] : [];
  const options = ["run", "--config", "test/vitest.crash.config.ts", `test/crash/${test}.test.ts`, ...named];
  const { stdout, stderr } = spawnSync(process.execPath, [vitest, ...options], {
    cwd: copy,
    encoding: "utf8",
    env: { ...process.env, ...SHORT, SEED: String(seed), NO_COLOR: "1" },
  });
  const passed = / (\d+) passed/.exec(/Tests .*/.exec(stdout)?.[0] ?? "")?.[1];
  const failed = / (\d+) failed/.exec(/Tests .*/.exec(stdout)?.[0] ?? "")?.[1];
  if (passed === undefined && failed === undefined) throw new Error(`no test ran:\n${stdout}\n${stderr}`);
  return { isGreen: failed === undefined, output: `${stdout}\n${stderr}` };
}

/** The first thing that did not hold, as the test says it. */
function reasonIn(output: string): string {
  const lines = output.split("\n");
  const line = lines.find((each) => /^\+ {3}"/.test(each)) ?? lines.find((each) => each.includes("AssertionError: "));
  return (line ?? "no reason given").replace(/^\+ +/, "").slice(0, 200);
}

function complain(text: string): void {
  isClean = false;
  console.error(text);
}
