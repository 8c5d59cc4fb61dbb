/**
 * One `ledge dev` a checkout: two servers on one storage lose each other's writes. A file names the process that runs and the
 * group that serves for it; what a killed one left behind holds port and storage, and is ended by the next.
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { CliError } from "../project.ts";
import { endGroup } from "./process-group.ts";

export interface DevLock {
  /** Notes the process group that serves from now on. */
  serving(group: number | undefined): void;
  release(): void;
}

interface Holder {
  readonly pid: number;
  readonly port: number;
  readonly group?: number | undefined;
}

/** Rejects with `CliError` where one runs. A process is known by its command line, too: after a restart of the machine its id is another's. */
export async function takeDevLock(stateFolder: string, port: number): Promise<DevLock> {
  const file = join(stateFolder, "dev.json");
  const held = read(file);
  if (held !== null && held.pid !== process.pid && /\bledge(\.ts)? dev\b/.test(commandOf(held.pid)))
    throw new CliError(
      `ledge dev runs in this folder already: http://127.0.0.1:${held.port}, process ${held.pid}. Two would share one storage.`,
    );
  if (held?.group !== undefined && commandOf(held.group).includes("wrangler"))
    await endGroup(held.group, hasEnded(held.group));
  const write = (holder: Holder) => writeFileSync(file, `${JSON.stringify(holder)}\n`);
  mkdirSync(dirname(file), { recursive: true });
  write({ pid: process.pid, port });
  return {
    serving: (group) => write({ pid: process.pid, port, group }),
    release: () => rmSync(file, { force: true }),
  };
}

function read(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Holder;
  } catch {
    return null; // There is none, or it was killed while it wrote.
  }
}

/** What a process was started as; "" where it has ended or nobody can tell. */
function commandOf(pid: number): string {
  try {
    return existsSync("/proc/self")
      ? readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")
      : execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return "";
  }
}

async function hasEnded(pid: number): Promise<void> {
  while (commandOf(pid) !== "") await pause(100);
}
