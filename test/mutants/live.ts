/**
 * Plants each fault of `live-faults.ts` in a copy of the live part and its simulator, and runs the seed that must notice it: `caught` or
 * `missed`. Fails when one is missed, when a seed finds a problem without a fault, or when a fault's text no longer stands in its file.
 * `npm run mutants:live [-- text …]`: some seconds. With `--search` it looks for the first seed that notices each fault.
 */

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LIVE_FAULTS, type LiveFault } from "./live-faults.ts";

const ROOT = join(import.meta.dirname, "../..");
const COPIED = ["package.json", "src/core", "test/sim/live", "test/crash/random.ts"];
const SEARCHED = 4_000;

const args = process.argv.slice(2);
const isSearch = args.includes("--search");
const wanted = args.filter((arg) => !arg.startsWith("--"));
const faults = LIVE_FAULTS.filter(
  ({ rule, what }) => wanted.length === 0 || wanted.some((text) => text === rule || what.includes(text)),
);
const copy = mkdtempSync(join(tmpdir(), "ledge-mutants-"));
let isClean = true;
try {
  for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  for (const fault of faults) checkPlace(fault);
  if (!isSearch && isClean) {
    for (const seed of new Set(faults.map((fault) => fault.seed)))
      if (failedSeed(seed, 1) !== null) complain(`seed ${seed} finds a problem without a fault`);
  }
  if (isClean) for (const [index, fault] of faults.entries()) plant(fault, `${index + 1}/${faults.length}`);
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.exitCode = isClean ? 0 : 1;

function checkPlace({ rule, file, find }: LiveFault): void {
  const times = readFileSync(pathOf(file), "utf8").split(anyLayout(find)).length - 1;
  if (times !== 1) complain(`${rule}: the text stands ${times} times in ${file}: ${find}`);
}

function plant({ rule, what, file, find, replace, seed }: LiveFault, place: string): void {
  const path = pathOf(file);
  const whole = readFileSync(path, "utf8");
  writeFileSync(
    path,
    whole.replace(anyLayout(find), () => replace),
  );
  const found = isSearch ? failedSeed(1, SEARCHED) : failedSeed(seed, 1);
  writeFileSync(path, whole);
  const line = `${place} ${rule.padEnd(4)} ${what}`;
  if (found === null) complain(`missed  ${line}`);
  else console.log(`caught  ${line}  [seed ${found.seed}: ${found.problem.slice(0, 100)}]`);
}

/** The first seed of a run that finds a problem, and which. */
function failedSeed(first: number, runs: number): { readonly seed: number; readonly problem: string } | null {
  const env = { ...process.env, SEED: String(first), RUNS: String(runs), THREADS: "1", FIRST: "1" };
  const { status, stderr } = spawnSync(process.execPath, [join(copy, "test/sim/live/campaign.ts")], {
    env,
    encoding: "utf8",
  });
  const [, seed, problem = ""] = /^seed (\d+): (.*)$/m.exec(stderr) ?? [];
  if (seed !== undefined) return { seed: Number(seed), problem };
  if (status !== 0 && runs === 1) complain(`the run did not come to an end:\n${stderr.slice(-1000)}`);
  return null;
}

function pathOf(file: string): string {
  return join(copy, "src/core/live", file);
}

/** The text in whatever layout the formatter gave it. */
function anyLayout(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s*"));
}

function complain(text: string): void {
  isClean = false;
  console.error(text);
}
