/**
 * Watches what migrations are made from, src/app.ts and src/tables, and those of D1 that somebody makes by hand (`ledge generate` beside
 * `ledge dev`, a pull). Calls back for each change, and several times for most.
 */

import { existsSync, readdirSync, watch } from "node:fs";
import { dirname, join } from "node:path";
import { D1_FOLDER } from "../generate/migration-folder.ts";
import type { Project } from "../project.ts";

/**
 * Returns what ends the watch. Folders are watched, never files: editors replace a file, and a watch on the old one sees
 * nothing more. For the same reason `recursive` is not used: on Linux, Node 24 watches each file.
 */
export function watchSources(project: Project, onChange: () => void): () => void {
  const source = dirname(project.app);
  const folders = [...foldersOf(join(source, "tables")), ...foldersOf(join(project.migrations, D1_FOLDER))];
  const watchers = [
    watch(source, (_event, name) => (name === "app.ts" ? onChange() : undefined)),
    ...folders.map((folder) =>
      watch(folder, (_event, name) => (/\.(ts|sql)$/.test(name ?? "") ? onChange() : undefined)),
    ),
  ];
  return () => {
    for (const watcher of watchers) watcher.close();
  };
}

function foldersOf(top: string): string[] {
  if (!existsSync(top)) return [];
  const inside = readdirSync(top, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [top, ...inside.map((entry) => join(entry.parentPath, entry.name))];
}
