/** Watches what migrations are made from: src/app.ts and src/tables. Calls back once for a burst of changes. */

import { existsSync, type FSWatcher, watch } from "node:fs";
import { dirname, join } from "node:path";
import type { Project } from "../project.ts";

/** Editors write a file in several steps. */
const QUIET_MS = 120;

/** Returns what ends the watch. */
export function watchTables(project: Project, onChange: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(onChange, QUIET_MS);
  };
  const source = dirname(project.app);
  const tables = join(source, "tables");
  // The folder, not the file: editors replace files, and a watch on the old one would go blind.
  const watchers: FSWatcher[] = [watch(source, (_event, name) => (name === "app.ts" ? changed() : undefined))];
  if (existsSync(tables)) watchers.push(watch(tables, { recursive: true }, (_event, name) => (name?.endsWith(".ts") ? changed() : undefined)));
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
