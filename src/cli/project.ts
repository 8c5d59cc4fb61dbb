/**
 * Where things lie in a checkout of Ledge, and the errors that the command line shows without a stack.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";

export interface Project {
  readonly root: string;
  readonly app: string;
  readonly migrations: string;
  /** Local state that is not committed: the development secret, the positions of imports. */
  readonly state: string;
}

/** A mistake of the person at the keyboard: shown as its message alone, exit code 1. */
export class CliError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CliError";
  }
}

export function projectAt(root: string): Project {
  const app = join(root, "src/app.ts");
  if (!existsSync(app)) throw new CliError(`There is no src/app.ts in ${root}. Run ledge in the folder that holds it.`);
  return { root, app, migrations: join(root, "migrations"), state: join(root, ".ledge") };
}
