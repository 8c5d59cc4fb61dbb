/**
 * Commands of a newcomer's shell: standard input closed, and none of the environment that an npm script around the tests adds,
 * so that what runs is what the checkout itself brings.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

export interface Running {
  /** All that was printed so far. */
  output(): string;
  /** Resolves once the output matches; fails when the command ends before. */
  until(pattern: RegExp, timeoutMs: number): Promise<void>;
  /** Ctrl-C: the signal reaches all that the command started, as in a terminal. Waits for the end. */
  interrupt(): Promise<void>;
  /** The signal reaches the command alone. Waits for the end. */
  terminate(): Promise<void>;
}

/** Runs to the end; throws with the output when it fails. */
export async function runShell(command: string, cwd: string): Promise<string> {
  const running = startShell(command, cwd);
  const code = await running.ended;
  if (code !== 0) throw new Error(`exit code ${code}: ${command}\n${running.output()}`);
  return running.output();
}

export function startShell(command: string, cwd: string): Running & { readonly ended: Promise<number | null> } {
  const child = spawn("/bin/sh", ["-c", command], {
    cwd,
    env: environment(),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
    });
  }
  const ended = once(child, "close").then(([code]) => code as number | null);
  return { ended, output: () => printed, until, interrupt: () => stop("group"), terminate: () => stop("command") };

  async function until(pattern: RegExp, timeoutMs: number): Promise<void> {
    for (const end = Date.now() + timeoutMs; Date.now() < end; await sleep(50)) {
      if (pattern.test(printed)) return;
      if (hasEnded(child)) break;
    }
    throw new Error(`no ${pattern} in the output of: ${command}\n${printed}`);
  }

  async function stop(whom: "group" | "command"): Promise<void> {
    if (child.pid !== undefined && !hasEnded(child)) {
      if (whom === "group") process.kill(-child.pid, "SIGINT");
      else child.kill("SIGTERM");
    }
    await ended;
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_ENV$|TEST$|INIT_CWD$)/.test(name));
  const path = (process.env.PATH ?? "").split(":").filter((folder) => !folder.includes("node_modules"));
  return { ...Object.fromEntries(kept), PATH: path.join(":") };
}
