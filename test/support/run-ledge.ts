/**
 * The command line as a process of its own, to its end, with what it said. One that does not end fails with what it and its
 * children wait for, as the kernel tells it: a test that ran out of time tells nothing.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const LEDGE = join(import.meta.dirname, "../../src/cli/ledge.ts");

/** No command that a test runs works for as long, however busy the machine. */
const LIMIT_MS = 100_000;

export interface LedgeRun {
  readonly code: number | null;
  /** Standard output and error, as they came. */
  readonly output: string;
}

/** Standard input is an open pipe that says nothing: a command that asked would hang, and the test with it. */
export async function runLedge(
  cwd: string,
  args: readonly string[],
  onStart?: (child: ChildProcess) => void,
): Promise<LedgeRun> {
  const child = spawn(process.execPath, [LEDGE, ...args], { cwd, stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  let hung = "";
  const timer = setTimeout(() => {
    hung = processTree(child.pid ?? 0);
    child.kill("SIGKILL");
  }, LIMIT_MS);
  onStart?.(child);
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(timer);
  if (hung !== "") throw new Error(`ledge ${args.join(" ")} did not end.\n${hung}\nIt said:\n${output}`);
  return { code, output };
}

/** A process, its threads and its children, a line each: command, state and what it waits for in the kernel. */
function processTree(pid: number): string {
  const read = (file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, "utf8").replaceAll("\0", " ").trim();
    } catch {
      return "?";
    }
  };
  const list = () => {
    try {
      return readdirSync(`/proc/${pid}/task`);
    } catch {
      return [];
    }
  };
  const threads = list().map((thread) => {
    const name = read(`task/${thread}/comm`);
    return `  ${name} ${read(`task/${thread}/stat`).split(" ")[2]} ${read(`task/${thread}/wchan`)}`;
  });
  const children = list().flatMap((thread) => read(`task/${thread}/children`).split(" ").filter(Boolean));
  return [`${pid} ${read("cmdline")}`, ...threads, ...children.map((each) => processTree(Number(each)))].join("\n");
}
