/** The server of `files-server.ts` as a process group of its own, so that Node and workerd can be killed at once. */

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

export interface FilesProcess {
  /** Starts on what lies in the folder; the address it listens on. */
  start(): Promise<string>;
  /** `kill -9` of the whole group: Miniflare alone would start its workerd again. */
  kill(): Promise<void>;
}

export function filesProcess(folder: string): FilesProcess {
  let server: ChildProcess | undefined;
  return {
    start() {
      const script = join(import.meta.dirname, "files-server.ts");
      const child = spawn(process.execPath, [script, folder], { detached: true, stdio: ["ignore", "pipe", "inherit"] });
      server = child;
      return new Promise((resolve, reject) => {
        let output = "";
        child.stdout?.on("data", (chunk: Buffer) => {
          output += chunk.toString();
          const found = /listens on (\S+)/.exec(output)?.[1];
          if (found !== undefined) resolve(found);
        });
        child.once("exit", (code) => reject(new Error(`the server ended with ${code}: ${output}`)));
      });
    },
    async kill() {
      const child = server;
      if (child?.pid === undefined) return;
      server = undefined;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      process.kill(-child.pid, "SIGKILL");
      await gone;
    },
  };
}
