/**
 * How long a Worker takes to start: a bare workerd process with one module, from its spawn to its first reply, and the CPU time it
 * has taken by then; medians. A module that only answers is the yardstick: what a contender takes beyond it, its own code takes.
 * The reply comes from before the contender's code, so neither an object nor a database is waited for.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundleContender } from "./bundle-contender.ts";
import type { ContenderName } from "./contenders.ts";
import { youngCpuMicros } from "./cpu-time.ts";
import { median } from "./median.ts";
import { COMPATIBILITY_DATE } from "./start-worker.ts";

export interface Start {
  readonly name: ContenderName | "empty";
  readonly gzipBytes: number;
  readonly firstReplyMs: number;
  readonly cpuMs: number;
}

const EMPTY = 'export default { fetch: () => new Response("here") };';

/** In turns, so that all meet the same machine. */
export async function measureStarts(names: readonly ContenderName[], times: number): Promise<Start[]> {
  const folder = mkdtempSync(join(tmpdir(), "ledge-bench-start-"));
  try {
    const modules = [{ name: "empty" as const, file: join(folder, "empty.mjs") }, ...(await bundle(names, folder))];
    writeFileSync(join(folder, "empty.mjs"), EMPTY);
    const seen = modules.map(() => [] as { readonly ms: number; readonly cpuMs: number }[]);
    for (let round = 0; round < times; round++) {
      for (const [index, { file }] of modules.entries()) seen[index]?.push(await startOnce(folder, file));
    }
    return modules.map(({ name, file }, index) => ({
      name,
      gzipBytes: gzipSync(readFileSync(file)).byteLength,
      firstReplyMs: median((seen[index] ?? []).map(({ ms }) => ms)),
      cpuMs: median((seen[index] ?? []).map(({ cpuMs }) => cpuMs)),
    }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bundle(names: readonly ContenderName[], folder: string) {
  const modules: { readonly name: ContenderName; readonly file: string }[] = [];
  for (const name of names) {
    const own = mkdtempSync(join(folder, `${name}-`));
    modules.push({ name, file: await bundleContender(name, own, { variant: "started" }) });
  }
  return modules;
}

async function startOnce(folder: string, file: string): Promise<{ readonly ms: number; readonly cpuMs: number }> {
  const port = await freePort();
  const config = join(folder, "config.capnp");
  writeFileSync(config, configText(file.slice(folder.length + 1), port));
  const startedAt = performance.now();
  const child = spawn(workerd(), ["serve", config, "config"], { cwd: folder, stdio: "ignore", env: {} });
  try {
    while ((await ping(port)) === false) {
      if (child.exitCode !== null) throw new Error(`workerd did not start ${file}`);
    }
    const ms = performance.now() - startedAt;
    return { ms, cpuMs: youngCpuMicros(child.pid ?? 0) / 1000 };
  } finally {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }
}

async function ping(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/bench/ping`)).ok;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

function workerd(): string {
  return (createRequire(import.meta.url)("workerd") as { readonly default: string }).default;
}

function configText(module: string, port: number): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed ${JSON.stringify(module)})],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  compatibilityFlags = ["nodejs_compat", "enable_request_signal"],
);
`;
}
