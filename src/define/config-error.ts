/** A mistake in the application's configuration, found when it starts. Names the table, the file and the mend. */

export class ConfigError extends Error {
  readonly table: string | null;
  readonly file: string | undefined;
  readonly mend: string;

  constructor(table: string | null, file: string | undefined, problem: string, mend: string) {
    const where = table === null ? "" : `Table "${table}" (${file ?? "the file in src/tables that declares it"}): `;
    super(`${where}${problem}. ${mend}`);
    this.name = "ConfigError";
    this.table = table;
    this.file = file;
    this.mend = mend;
  }
}

/**
 * The application's file nearest to the top of a stack, e.g. `src/tables/tasks.ts`. Bundles hide it, so the tools load
 * the application unbundled and show the full message before the Worker does.
 */
export function declaringFile(stack: string | undefined): string | undefined {
  const found = /((?:src\/tables|test)\/[^\s():?]+\.ts)/.exec(stack ?? "");
  return found?.[1];
}
