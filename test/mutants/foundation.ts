/**
 * Plants each fault of the lists below (`foundation-faults.ts` and others) in a copy of the repository and runs the test that must notice it: `caught` or
 * `missed`. Fails when one is missed, when a test is red without a fault, or when a fault's text no longer stands in its file.
 * By hand, and where there is time: `node test/mutants/foundation.ts [rule, folder or text of a name …]`. Minutes, one test run a fault.
 */

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { AUTH_FAULTS } from "./auth-faults.ts";
import { FILES_FAULTS } from "./files-faults.ts";
import { FOUNDATION_FAULTS, type PlantedFault } from "./foundation-faults.ts";
import { STORE_UNIT_FAULTS } from "./store-unit-faults.ts";

const ROOT = join(import.meta.dirname, "../..");
const LEFT_OUT = new Set(["node_modules", ".git", ".wrangler", ".generated", "dist"]);

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

const wanted = process.argv.slice(2);
const CONFIGS = {
  worker: "test/vitest.workers.config.ts",
  "features/auth": "test/vitest.auth.config.ts",
  "features/files": "test/vitest.files.config.ts",
  "core/files": "test/vitest.node.config.ts",
  "core/live": "test/vitest.node.config.ts",
  client: "test/vitest.node.config.ts",
  "client/offline": "test/vitest.node.config.ts",
  "client/store": "test/vitest.node.config.ts",
  "core/store": "test/vitest.node.config.ts",
};
const faults = [...FOUNDATION_FAULTS, ...AUTH_FAULTS, ...FILES_FAULTS, ...STORE_UNIT_FAULTS].filter(
  ({ rule, name, folder }) =>
    wanted.length === 0 || wanted.some((text) => text === rule || text === folder || name.includes(text)),
);
const copy = mkdtempSync(join(tmpdir(), "ledge-mutants-"));
let isClean = true;
try {
  cpSync(ROOT, copy, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  checkList();
  checkUnharmed();
  if (isClean) for (const [index, fault] of faults.entries()) plant(fault, `${index + 1}/${faults.length}`);
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.exitCode = isClean ? 0 : 1;

/** Every fault has its place before the first one is run. */
function checkList(): void {
  for (const { rule, file, find } of faults) {
    const times = readFileSync(join(copy, file), "utf8").split(anyLayout(find)).length - 1;
    if (times !== 1) complain(`${rule}: the text stands ${times} times in ${file}: ${find}`);
  }
}

/** Without a fault the named tests are green; otherwise a red one would prove nothing. */
function checkUnharmed(): void {
  for (const [test, there] of Map.groupBy(faults, fileOf)) {
    const named = there.map(({ name }) => name);
    const { passed, failed } = run(there[0] as PlantedFault, named);
    if (failed > 0 || passed < new Set(named).size)
      complain(`${test}: ${passed} passed and ${failed} failed of ${named.length} named tests without a fault`);
  }
}

function plant(fault: PlantedFault, place: string): void {
  const { rule, file, find, replace, name } = fault;
  const path = join(copy, file);
  const whole = readFileSync(path, "utf8");
  // A function, so that `$` in the replacement stays what it is.
  writeFileSync(
    path,
    whole.replace(anyLayout(find), () => replace),
  );
  const { passed, failed } = run(fault, [name]);
  writeFileSync(path, whole);
  const line = `${place} ${rule.padEnd(5)} ${file}: ${find.slice(0, 60)}`;
  if (failed > 0) console.log(`caught  ${line}`);
  else complain(`missed  ${line}\n        ${passed} passed: ${name}`);
}

/** The text in whatever layout the formatter gave it. */
function anyLayout(text: string): RegExp {
  return new RegExp(literally(text).replace(/\s+/g, "\\s+"));
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Runs the tests of one file whose names begin like this. A run that never came to its tests is told apart from red ones. */
function run(fault: PlantedFault, names: readonly string[]): Counts {
  const test = fileOf(fault);
  const report = join(copy, "mutants.json");
  rmSync(report, { force: true });
  const pattern = names.map(literally).join("|");
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const options = [
    "--config",
    fault.test.endsWith(".node") ? CONFIGS["core/files"] : CONFIGS[fault.folder ?? "worker"],
    test,
    "-t",
    pattern,
    "--reporter=json",
    `--outputFile=${report}`,
  ];
  const { stdout, stderr } = spawnSync(process.execPath, [vitest, "run", ...options], { cwd: copy, encoding: "utf8" });
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8")) as {
      numPassedTests: number;
      numFailedTests: number;
    };
    if (numPassedTests + numFailedTests === 0) throw new Error("no test ran");
    return { passed: numPassedTests, failed: numFailedTests };
  } catch (error) {
    complain(`${test}: ${String(error)}\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`);
    return { passed: 0, failed: 0 };
  }
}

function fileOf({ folder = "worker", test }: PlantedFault): string {
  return `test/${folder}/${test}.test.ts`;
}

function complain(text: string): void {
  isClean = false;
  console.error(text);
}
