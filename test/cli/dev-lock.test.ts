/** Two `ledge dev` on one storage lose each other's writes; and one that was killed must not be in the way of the next. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { takeDevLock } from "../../src/cli/dev/dev-lock.ts";

let state: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "ledge-lock-"));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  rmSync(state, { recursive: true, force: true });
});

/** A process of this command line that goes on until it is ended; it says that it runs. */
async function running(line: readonly string[], onTerm = ""): Promise<ChildProcess & { readonly pid: number }> {
  const script = `${onTerm} setInterval(() => {}, 1e6); process.stdout.write("runs");`;
  const child = spawn(process.execPath, ["-e", script, "--", ...line], {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  started.push(child);
  await once(child.stdout, "data");
  return child as ChildProcess & { readonly pid: number };
}

const hold = (holder: object) => writeFileSync(join(state, "dev.json"), JSON.stringify(holder));

test("[CLI4] a second one in a checkout is refused, and told where the first is", async () => {
  const other = await running(["node_modules/.bin/ledge", "dev"]);
  hold({ pid: other.pid, port: 8787 });
  await expect(takeDevLock(state, 8788)).rejects.toThrow(
    `ledge dev runs in this folder already: http://127.0.0.1:8787, process ${other.pid}.`,
  );
});

test("[CLI4] an ended one, another process under its id, and half a file are in nobody's way", async () => {
  const other = await running(["something else"]);
  hold({ pid: other.pid, port: 8787, group: other.pid });
  (await takeDevLock(state, 8787)).release();
  expect(other.exitCode).toBeNull();
  expect(existsSync(join(state, "dev.json"))).toBe(false);
  writeFileSync(join(state, "dev.json"), '{"pid":');
  (await takeDevLock(state, 8787)).release();
});

test("[CLI4] what a killed one left serving is ended before the next serves, whether it listens or not", async () => {
  const polite = await running(["wrangler-dist/cli.js", "dev"]);
  const lock = await takeDevLock(state, 8787);
  lock.serving(polite.pid);
  const deaf = await running(["wrangler-dist/cli.js", "dev"], 'process.on("SIGTERM", () => {});');
  await takeDevLock(state, 8787);
  expect(polite.signalCode).toBe("SIGTERM");
  hold({ pid: 1, port: 8787, group: deaf.pid });
  const ended = once(deaf, "exit");
  await takeDevLock(state, 8787);
  expect(await ended).toEqual([null, "SIGKILL"]);
});
