/** Which processes work in a folder: what a stopped `npm run dev` must not leave behind, and what a crash kills. Linux. */

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

interface Process {
  readonly id: number;
  readonly line: string;
}

/** Command lines of processes whose working directory is the folder or lies in it. */
export function processesIn(folder: string): string[] {
  return listProcesses(folder).map(({ line }) => line);
}

/** Kills with -9 the workerd that runs the application there, as a crash would; wrangler starts another. */
export function crashWorkerd(folder: string): void {
  // The other workerd is the proxy of `wrangler dev`, and no part of the application.
  const found = listProcesses(folder).filter(
    ({ line }) => line.includes("workerd serve") && line.includes("--inspector"),
  );
  for (const { id } of found) process.kill(id, "SIGKILL");
}

function listProcesses(folder: string): Process[] {
  const ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return ids.flatMap((id) => {
    try {
      const isIn = `${readlinkSync(`/proc/${id}/cwd`)}/`.startsWith(`${folder}/`);
      const line = readFileSync(`/proc/${id}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      return isIn && line !== "" ? [{ id: Number(id), line }] : [];
    } catch {
      return []; // Ended meanwhile, or another user's.
    }
  });
}
