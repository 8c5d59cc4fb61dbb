/** This repository as a newcomer gets it: cloned, with what is not committed yet laid over it, nothing installed. */

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export const REPOSITORY = join(import.meta.dirname, "../..");

export interface FreshClone {
  readonly root: string;
  remove(): void;
}

export function freshClone(): FreshClone {
  const root = join(mkdtempSync(join(tmpdir(), "ledge-clone-")), "ledge");
  execFileSync("git", ["clone", "--quiet", "--no-hardlinks", REPOSITORY, root]);
  const changed = git("ls-files", "-z", "--modified", "--deleted", "--others", "--exclude-standard");
  for (const file of new Set(changed.split("\0").filter((name) => name !== ""))) {
    if (existsSync(join(REPOSITORY, file))) cpSync(join(REPOSITORY, file), join(root, file));
    else rmSync(join(root, file), { force: true });
  }
  return { root, remove: () => rmSync(dirname(root), { recursive: true, force: true }) };
}

function git(...args: string[]): string {
  return execFileSync("git", args, { cwd: REPOSITORY, encoding: "utf8", maxBuffer: 1 << 26 });
}
