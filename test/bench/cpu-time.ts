/**
 * CPU time of a process, all its threads, user and system: what a request costs the machine, whoever else is at work on it. Linux
 * only (/proc).
 */

import { readdirSync, readFileSync } from "node:fs";

const TICKS_PER_SECOND = 100;

/** Microseconds since the process began, in steps of 10 ms. */
export function cpuMicros(pid: number): number {
  const fields = statFields(pid);
  // Fields 14 and 15 of proc(5), counted from 1; the first two are cut off.
  return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / TICKS_PER_SECOND;
}

/** The same, finely, without threads that have ended: for a process that has just begun. */
export function youngCpuMicros(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  // The first of three numbers: nanoseconds on a processor.
  const nanos = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
  );
  return nanos.reduce((sum, each) => sum + each, 0) / 1000;
}

/** The workerd processes that this one started. */
export function workerdPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return Number(statFields(pid)[1]) === process.pid && nameOf(pid).includes("workerd");
      } catch {
        return false; // It ended meanwhile.
      }
    });
}

function nameOf(pid: number): string {
  return /\((.*)\)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] ?? "";
}

/** From the state on: what stands before may hold blanks. */
function statFields(pid: number): string[] {
  return readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\)\s/s, "")
    .split(" ");
}
