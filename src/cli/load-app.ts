/**
 * Loads src/app.ts in a process of its own, so that each load sees the files as they are now, and a mistake in them is an
 * answer instead of a crash.
 */

import { fork } from "node:child_process";
import { join } from "node:path";
import type { AppReport } from "./describe-app.ts";

const CHILD = join(import.meta.dirname, "describe-app.ts");

/**
 * What the application declares; `failed` with the text to show when it does not load. Answers with the report and not with
 * the child's end, which an application may put off: a timer, a child of its own, a `process.on("exit")`.
 */
export function loadApp(appFile: string, cwd: string): Promise<AppReport> {
  return new Promise((resolve) => {
    const child = fork(CHILD, [appFile], { cwd, stdio: ["ignore", "ignore", "pipe", "ipc"] });
    let stderr = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on("message", (message) => {
      const told = message as AppReport;
      resolve(told.kind === "failed" ? { kind: "failed", message: ownPart(told.message) } : told);
      child.kill("SIGKILL");
    });
    child.on("error", (error) => resolve({ kind: "failed", message: error.message }));
    // A report that was told is answered already: messages come before the end of their sender.
    child.on("close", (code) => {
      resolve({ kind: "failed", message: ownPart(stderr) || `loading ${appFile} ended with exit code ${code}` });
    });
  });
}

/** An error's text without the frames inside Node, which say nothing about the application. */
function ownPart(stack: string): string {
  return stack.replace(/\n\s+at .*\(?node:internal\/.*/g, "").trim();
}
