/**
 * Runs `wrangler dev` as a process group of its own, without account, network or telemetry, so that stopping it leaves no
 * workerd behind: wrangler starts workerd and esbuild as children, and a terminal's Ctrl-C would reach them in any order.
 */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { QUIET_WRANGLER, wranglerCli } from "../wrangler-cli.ts";
import { endGroup } from "./process-group.ts";
import { isReadyLine, isWranglerChatter } from "./wrangler-chatter.ts";

export interface Wrangler {
  /** Of it and all that it starts. */
  readonly group: number | undefined;
  /** Resolves when the Worker can be asked. */
  readonly ready: Promise<void>;
  /** Resolves with the exit code when wrangler ends by itself or was stopped. */
  readonly ended: Promise<number>;
  stop(): Promise<void>;
}

export interface WranglerOptions {
  readonly root: string;
  readonly port: number;
  /** Of the Worker. */
  readonly vars: Readonly<Record<string, string>>;
  /** Of wrangler and what it starts. */
  readonly env: Readonly<Record<string, string>>;
  /** Lines of the Worker's own output and of build errors. */
  readonly onLine: (line: string) => void;
}

export function startWrangler({ root, port, vars, env, onLine }: WranglerOptions): Wrangler {
  const variables = Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const args = [
    wranglerCli(root),
    "dev",
    "--local",
    "--ip",
    "127.0.0.1",
    "--port",
    String(port),
    "--log-level",
    "log",
    ...variables,
  ];
  const child = spawn(process.execPath, ["--no-warnings", ...args], {
    cwd: root,
    // The variables also as environment, where wrangler looks for secrets that wrangler.toml requires.
    env: { ...process.env, ...QUIET_WRANGLER, ...env, ...vars },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const ready = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) passOn(stream, onLine, resolve);
  });
  const ended = new Promise<number>((resolve) => child.once("exit", (code) => resolve(code ?? 1)));
  const { pid } = child;
  return { group: pid, ready, ended, stop: async () => (pid === undefined ? undefined : endGroup(pid, ended)) };
}

function passOn(stream: Readable, onLine: (line: string) => void, onReady: () => void): void {
  createInterface({ input: stream }).on("line", (line) => {
    if (isReadyLine(line)) onReady();
    if (!isWranglerChatter(line)) onLine(line);
  });
}
