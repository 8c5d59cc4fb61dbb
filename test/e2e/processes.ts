/** Which processes work in a folder: what a stopped `npm run dev` must not leave behind. Linux. */

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Command lines of processes whose working directory is the folder or lies in it. */
export function processesIn(folder: string): string[] {
  const ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return ids.flatMap((id) => {
    try {
      const isIn = `${readlinkSync(`/proc/${id}/cwd`)}/`.startsWith(`${folder}/`);
      const line = readFileSync(`/proc/${id}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      return isIn && line !== "" ? [line] : [];
    } catch {
      return []; // Ended meanwhile, or another user's.
    }
  });
}
