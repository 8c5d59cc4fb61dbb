/** Lists and reads the project's own files for the house tests. Paths are relative to the root, with `/`. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

export interface SourceFile {
  /** `src/core/ids.ts` */
  readonly path: string;
  readonly text: string;
}

/** Every file below the folders whose name ends in one of the extensions; sorted. Dot folders and `node_modules` are left out. */
export function readFiles(folders: readonly string[], extensions: readonly string[] = [".ts", ".tsx"]): SourceFile[] {
  const paths = folders
    .flatMap((folder) => listFiles(folder))
    .filter((path) => extensions.some((extension) => path.endsWith(extension)));
  return paths.sort().map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

/** Names that `import … from "ledge/…"` may use, from `exports` in package.json. */
export function readPublicEntries(): string[] {
  const { name, exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    name: string;
    exports: Record<string, string>;
  };
  return Object.keys(exports).map((entry) => join(name, entry));
}

function listFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.name.startsWith(".") || entry.name === "node_modules") return [];
    return entry.isDirectory() ? listFiles(path) : [path];
  });
}
