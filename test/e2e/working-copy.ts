/** A copy of this checkout's files with its installed packages, for tests that change files and need no fresh install. */

import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { type FreshClone, freshClone, REPOSITORY } from "./fresh-clone.ts";

export function workingCopy(): FreshClone {
  const clone = freshClone();
  symlinkSync(join(REPOSITORY, "node_modules"), join(clone.root, "node_modules"));
  return clone;
}
