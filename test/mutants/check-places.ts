/**
 * `npm run mutants:places`: whether the text of every planted fault, of all lists, stands exactly once in its file, as the runners demand. A
 * second, against hours for the faults themselves: after a change that moved code.
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AUTH_FAULTS } from "./auth-faults.ts";
import { CHAOS_FAULTS } from "./chaos-faults.ts";
import { COMMIT_FAULTS } from "./commit-faults.ts";
import { FILES_FAULTS } from "./files-faults.ts";
import { FOUNDATION_FAULTS } from "./foundation-faults.ts";
import { JOBS_FAULTS } from "./jobs-faults.ts";
import { LIVE_FAULTS } from "./live-faults.ts";
import { OFFLINE_FAULTS } from "./offline-faults.ts";
import { READ_MODEL_FAULTS } from "./read-model-faults.ts";
import { STORE_FAULTS } from "./store-faults.ts";
import { STORE_UNIT_FAULTS } from "./store-unit-faults.ts";

const ROOT = join(import.meta.dirname, "../..");

interface Place {
  readonly rule: string;
  readonly file: string;
  readonly find: string;
}

/** Lists by the folder of their files, as their runners name it. */
const LISTS: readonly (readonly [room: string, faults: readonly Place[]])[] = [
  ["", [...AUTH_FAULTS, ...CHAOS_FAULTS, ...FILES_FAULTS, ...FOUNDATION_FAULTS, ...STORE_UNIT_FAULTS]],
  ["", READ_MODEL_FAULTS],
  ["src", [...OFFLINE_FAULTS, ...STORE_FAULTS]],
  ["src/core/commit", COMMIT_FAULTS],
  ["src/core/jobs", JOBS_FAULTS],
  ["src/core/live", LIVE_FAULTS],
];

function timesIn(path: string, find: string): number {
  if (!existsSync(path)) return 0;
  const text = find.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s*");
  return readFileSync(path, "utf8").split(new RegExp(text)).length - 1;
}

let count = 0;
for (const [room, faults] of LISTS)
  for (const { rule, file, find } of faults) {
    count++;
    const times = timesIn(join(ROOT, room, file), find);
    if (times === 1) continue;
    console.error(`${rule}: the text stands ${times} times in ${join(room, file)}: ${find}`);
    process.exitCode = 1;
  }
console.log(`${count} planted faults looked for`);
