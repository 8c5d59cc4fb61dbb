/**
 * This repository as a newcomer's clone holds it: the files git knows or would add, so that it can be tried before a commit,
 * and nothing installed or generated.
 */

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const REPOSITORY = join(import.meta.dirname, "../..");

export interface FreshCopy {
  readonly root: string;
  remove(): void;
}

/** `installed`: with the packages of this checkout, for what needs no install of its own. */
export function freshCopy(packages: "none" | "installed"): FreshCopy {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "ledge-copy-")));
  // In CI the checkout may belong to another user.
  const env = { ...process.env, GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "safe.directory", GIT_CONFIG_VALUE_0: "*" };
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const files = execFileSync("git", list, { cwd: REPOSITORY, env, encoding: "utf8", maxBuffer: 1 << 26 }).split("\0");
  for (const file of files) {
    if (file !== "" && existsSync(join(REPOSITORY, file))) cpSync(join(REPOSITORY, file), join(root, file));
  }
  if (packages === "installed") symlinkSync(join(REPOSITORY, "node_modules"), join(root, "node_modules"));
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}
