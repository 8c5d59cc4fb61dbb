/** A table by its own name, wherever it is served: as code names it, and declarations that mention each other. A request's path names the mount. */

import type { Edge, TableEntry } from "./edge.ts";

export function tableNamed({ tables }: Pick<Edge, "tables">, name: string): TableEntry | undefined {
  return [...tables.values()].find(({ resource }) => resource.name === name);
}
