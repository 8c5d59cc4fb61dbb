/**
 * A real `workerd` process that serves a bundled application, its objects on local disk: started, killed with -9 and
 * started again on the same data. Runs the binary itself, not through Miniflare (which restarts it unasked) nor through npm's
 * wrapper (whose pid is another). Listens on 127.0.0.1 only and may reach nothing but this machine.
 *
 * What a kill -9 shows: the process loses its memory between any two instructions, the kernel keeps what was written. It does
 * not show a loss of power, for which the page cache would have to go, too.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { join, relative } from "node:path";

const FIRST_PORT = 8900;
const LAST_PORT = 8949;
const START_TIMEOUT_MS = 20_000;
const OUTPUT_CHARACTERS = 1_000_000;
/** The part of the data directory that workerd names after the object class. */
const UNIQUE_KEY = "ledge-crash";

export interface WorkerdOptions {
  /** The Worker module. */
  readonly bundle: string;
  /** Holds `data/` and the config; must exist. */
  readonly folder: string;
  readonly port: number;
  /** Further text bindings. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Another object class of the module, bound as `DATABASE`; its files lie in `data/<name>`. */
  readonly databaseClass?: string;
}

export interface WorkerdProcess {
  readonly origin: string;
  /** Where the objects' SQLite files lie. */
  readonly objects: string;
  isRunning(): boolean;
  /** Starts and waits until the port accepts connections; `bundle` deploys another version. */
  start(options?: { readonly bundle?: string }): Promise<void>;
  /** Starts without waiting, to be killed on its way up. */
  spawn(options?: { readonly bundle?: string }): void;
  /** `kill -9`, and waits until the process is gone. */
  kill(): Promise<void>;
  /** What the processes wrote, newest last. */
  output(): string;
  /** Calls `listen` with each line that the processes write. */
  onLine(listen: (line: string) => void): void;
  /** Resident memory, in bytes; 0 when it does not run. */
  residentBytes(): number;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Ends what is left; for `afterAll`. */
export async function killAll(): Promise<void> {
  await Promise.all([...running].map(killChild));
}

export function workerdProcess(options: WorkerdOptions): WorkerdProcess {
  const { folder, port } = options;
  const data = join(folder, "data");
  mkdirSync(data, { recursive: true });
  let child: ChildProcess | undefined;
  let output = "";
  const listeners: ((line: string) => void)[] = [];

  const start = (bundle: string) => {
    if (child !== undefined) throw new Error("workerd runs already");
    const config = join(folder, "config.capnp");
    writeFileSync(config, configText({ ...options, bundle }));
    const started = spawn(binary(), ["serve", "--experimental", config, "config"], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: {},
    });
    running.add(started);
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-OUTPUT_CHARACTERS);
        for (const line of chunk.toString().split("\n")) for (const listen of listeners) listen(line);
      });
    }
    started.once("exit", (code, signal) => {
      running.delete(started);
      if (signal !== "SIGKILL") output += `\nworkerd ended by itself: code ${code}, signal ${signal}\n`;
      if (child === started) child = undefined;
    });
    return started;
  };

  return {
    origin: `http://127.0.0.1:${port}`,
    objects: join(data, UNIQUE_KEY),
    isRunning: () => child !== undefined,
    output: () => output,
    onLine: (listen) => void listeners.push(listen),
    residentBytes: () => residentBytes(child?.pid),
    spawn: ({ bundle = options.bundle } = {}) => void start(bundle),
    async start({ bundle = options.bundle } = {}) {
      start(bundle);
      const deadline = Date.now() + START_TIMEOUT_MS;
      while (!(await accepts(port))) {
        if (child === undefined || Date.now() > deadline) throw new Error(`workerd did not start:\n${output}`);
        await pause(5);
      }
    },
    async kill() {
      const dying = child;
      child = undefined;
      if (dying !== undefined) await killChild(dying);
    },
  };
}

/** A port of the range that nothing listens on. */
export async function freePort(): Promise<number> {
  // Begins at a place of this process's own, so that two runs side by side seldom try the same.
  const count = LAST_PORT - FIRST_PORT + 1;
  for (let tried = 0; tried < count; tried++) {
    const port = FIRST_PORT + ((process.pid * 8 + taken++) % count);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port from ${FIRST_PORT} to ${LAST_PORT}`);
}
let taken = 0;

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function killChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

/** `VmRSS:    123456 kB` of /proc/<pid>/status. */
function residentBytes(pid: number | undefined): number {
  if (pid === undefined) return 0;
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
}

function binary(): string {
  return (createRequire(import.meta.url)("workerd") as { readonly default: string }).default;
}

function configText({ bundle, folder, port, variables = {}, databaseClass }: WorkerdOptions): string {
  const isBound = databaseClass !== undefined;
  const binding = isBound ? `(name = "DATABASE", durableObjectNamespace = "${databaseClass}"), ` : "";
  const namespace = isBound
    ? `, (className = "${databaseClass}", uniqueKey = "${databaseClass}", enableSql = true)`
    : "";
  const texts = Object.entries({
    LEDGE_ENV: "development",
    LEDGE_LOG_LEVEL: "error",
    LEDGE_SECRET: "crash-secret-crash-secret-crash-secret",
    ...variables,
  }).map(([name, value]) => `(name = "${name}", text = ${JSON.stringify(value)})`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "disk", disk = (path = ${JSON.stringify(join(folder, "data"))}, writable = true)),
    (name = "machine", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed ${JSON.stringify(relative(folder, bundle))})],
  compatibilityDate = "2026-10-23",
  compatibilityFlags = ["enable_request_signal", "unsafe_module"],
  globalOutbound = "machine",
  bindings = [(name = "LEDGE_TABLES", durableObjectNamespace = "TableObject"), ${binding}${texts.join(", ")}],
  durableObjectNamespaces = [(className = "TableObject", uniqueKey = "${UNIQUE_KEY}", enableSql = true)${namespace}],
  durableObjectStorage = (localDisk = "disk"),
);
`;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const end = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
