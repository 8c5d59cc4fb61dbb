/**
 * Plants faults, one after the other, in a copy of a simulated part of the core, and runs the seed of its simulator that must notice it:
 * `caught` or `missed`. Fails when one is missed, when a seed finds a problem without a fault, or when a fault's text no longer stands
 * in its file. Texts after `--` choose faults; with `--search` it looks for the first seed that notices each.
 */

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One line taken out or turned round, and the seed that must then find a problem. */
export interface SimulatedFault {
  readonly rule: string;
  /** What the product then forgets. */
  readonly what: string;
  /** In the room that is tried. */
  readonly file: string;
  /** Stands exactly once in the file, in whatever layout. */
  readonly find: string;
  readonly replace: string;
  readonly seed: number;
}

export interface Trial {
  readonly faults: readonly SimulatedFault[];
  /** The folder of the faults' files, e.g. `src/core/commit`. */
  readonly room: string;
  /** The simulator's entry, e.g. `test/sim/campaign.ts`. */
  readonly campaign: string;
  /** What the simulator needs beyond the core. */
  readonly also?: readonly string[];
  /** Seeds that `--search` goes through. */
  readonly searched: number;
}

const ROOT = join(import.meta.dirname, "../..");
const COPIED = ["package.json", "src/core", "test/sim", "test/crash/random.ts", "test/core/query/sample-table.ts"];

export function plantFaults(trial: Trial): void {
  const args = process.argv.slice(2);
  const isSearch = args.includes("--search");
  const wanted = args.filter((arg) => !arg.startsWith("--"));
  const faults = trial.faults.filter(
    ({ rule, what }) => wanted.length === 0 || wanted.some((text) => text === rule || what.includes(text)),
  );
  const copy = mkdtempSync(join(tmpdir(), "ledge-mutants-"));
  let isClean = true;
  const complain = (text: string) => {
    isClean = false;
    console.error(text);
  };
  const pathOf = (file: string) => join(copy, trial.room, file);

  const checkPlace = ({ rule, file, find }: SimulatedFault) => {
    const times = readFileSync(pathOf(file), "utf8").split(anyLayout(find)).length - 1;
    if (times !== 1) complain(`${rule}: the text stands ${times} times in ${file}: ${find}`);
  };

  /** The first seed of a run that finds a problem, and which. */
  const failedSeed = (first: number, runs: number): { readonly seed: number; readonly problem: string } | null => {
    const env = { ...process.env, SEED: String(first), RUNS: String(runs), THREADS: "1", FIRST: "1" };
    const { status, stderr } = spawnSync(process.execPath, [join(copy, trial.campaign)], { env, encoding: "utf8" });
    const [, seed, problem = ""] = /^seed (\d+): (.*)$/m.exec(stderr) ?? [];
    if (seed !== undefined) return { seed: Number(seed), problem };
    if (status !== 0 && runs === 1) complain(`the run did not come to an end:\n${stderr.slice(-1000)}`);
    return null;
  };

  const plant = ({ rule, what, file, find, replace, seed }: SimulatedFault, place: string) => {
    const path = pathOf(file);
    const whole = readFileSync(path, "utf8");
    writeFileSync(
      path,
      whole.replace(anyLayout(find), () => replace),
    );
    const found = isSearch ? failedSeed(1, trial.searched) : failedSeed(seed, 1);
    writeFileSync(path, whole);
    const line = `${place} ${rule.padEnd(4)} ${what}`;
    if (found === null) complain(`missed  ${line}`);
    else console.log(`caught  ${line}  [seed ${found.seed}: ${found.problem.slice(0, 100)}]`);
  };

  try {
    symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
    for (const path of [...COPIED, ...(trial.also ?? [])])
      cpSync(join(ROOT, path), join(copy, path), { recursive: true });
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
}

/** The text in whatever layout the formatter gave it. */
function anyLayout(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s*"));
}
