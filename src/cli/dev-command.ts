/**
 * `ledge dev`: migrations generated, Ledge running on local storage, and both kept up to date while tables are edited. One
 * loop, ended by a signal: everything it started is stopped before it returns.
 */

import { once } from "node:events";
import { createServer } from "node:net";
import { parseArgs } from "node:util";
import { openGate } from "./dev/build-gate.ts";
import { type DevLock, takeDevLock } from "./dev/dev-lock.ts";
import { devSecret } from "./dev/dev-secret.ts";
import { inTurn } from "./dev/in-turn.ts";
import { countEdits, keepRunning } from "./dev/keep-running.ts";
import { migratorOfD1 } from "./dev/migrate-d1.ts";
import { readableLine } from "./dev/readable-line.ts";
import { watchSources } from "./dev/watch-sources.ts";
import { startWrangler } from "./dev/wrangler.ts";
import { generate } from "./generate/generate.ts";
import { consentHere, printOutcome } from "./generate-command.ts";
import { CliError, type Project, projectAt } from "./project.ts";
import { dim, print, printDone, printError } from "./terminal.ts";

export const devHelp = `ledge dev [options]           runs Ledge locally, watches src/tables, migrates

  --port <port>               default 8787, on 127.0.0.1`;

const HOST = "127.0.0.1";
/** Editors write a file in several steps. */
const QUIET_MS = 120;

/** Returns the exit code. */
export async function devCommand(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { port: { type: "string", default: "8787" } } });
  const project = projectAt(process.cwd());
  const port = readPort(values.port);
  const lock = await takeDevLock(project.state, port);
  try {
    await refuseBusyPort(port);
    return await serve(project, port, lock);
  } finally {
    lock.release();
  }
}

async function serve(project: Project, port: number, lock: DevLock): Promise<number> {
  const stopped = toldToStop();
  const first = await Promise.race([regenerate(project), stopped]);
  if (first !== "done") return first === "stopped" ? 0 : 1;
  const migrateD1 = migratorOfD1(project);
  await migrateD1();

  const edits = countEdits();
  let last: Regenerated = "done";
  const again = async () => {
    const now = await regenerate(project);
    if (last === "refused" && now === "done") printDone("mended");
    last = now;
    if (now === "refused") return;
    await migrateD1();
    edits.add();
  };
  const work = inTurn(QUIET_MS, () => again().catch((error: unknown) => printError(messageOf(error))));
  const unwatch = watchSources(project, work.ask);
  // wrangler builds an edit only once its migrations are there, so no code is served before what it reads.
  const gate = await openGate(work.settled);
  const vars = { LEDGE_ENV: "development", LEDGE_SECRET: devSecret(project.state) };
  const end = await keepRunning({
    start: () => {
      const onLine = (line: string) => print(readableLine(line));
      const wrangler = startWrangler({ root: project.root, port, vars, env: gate.vars, onLine });
      lock.serving(wrangler.group);
      return wrangler;
    },
    edits,
    stopped,
    onReady: () => printDone(`Ledge runs on http://${HOST}:${port}  ${dim("Ctrl-C stops it")}`),
    onCrash: () =>
      printError("Ledge could not start; why stands above. It starts again when src/tables or src/app.ts is mended."),
  });
  unwatch();
  work.end();
  gate.close();
  if (end === "stopped") return 0;
  printError("wrangler ended by itself; what it said stands above");
  return 1;
}

type Regenerated = "refused" | "done";

async function regenerate(project: Project): Promise<Regenerated> {
  const outcome = await generate({
    project,
    mode: "write",
    renames: [],
    acceptedPlacements: [],
    consent: consentHere(),
  });
  if (outcome.kind !== "current") printOutcome(outcome, "write");
  return outcome.kind === "refused" ? "refused" : "done";
}

function messageOf(error: unknown): string {
  if (error instanceof CliError) return error.message;
  return error instanceof Error ? (error.stack ?? "") : String(error);
}

/** A signal, or the end of the process that started this one (`npm run dev` that was killed). */
function toldToStop(): Promise<"stopped"> {
  return new Promise((resolve) => {
    const parent = process.ppid;
    const timer = setInterval(() => (process.ppid === parent ? undefined : resolve("stopped")), 500);
    timer.unref();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve("stopped"));
  });
}

async function refuseBusyPort(port: number): Promise<void> {
  const server = createServer();
  server.listen(port, HOST);
  try {
    await once(server, "listening");
  } catch {
    throw new CliError(`Port ${port} on ${HOST} is in use. Choose another: npm run dev -- --port ${port + 1}`);
  }
  server.close();
  await once(server, "close");
}

function readPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new CliError(`Cannot use --port ${text}: write 1–65535.`);
  return port;
}
