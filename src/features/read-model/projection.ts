/** Which tables of the application are copied, and what one object's copy is to hold. Made once an application. */

import type { ObjectName } from "../../core/ids.ts";
import type { Wanted } from "../../core/read-model/copy.ts";
import { type ProjectedTable, projectionForm, projectTable } from "../../core/read-model/projected-table.ts";
import { PAGE_LIMITS, type PageLimits } from "../../core/read-model/pull.ts";
import type { AppDefinition } from "../../define/app.ts";

export interface Projection {
  readonly app: string;
  /** By table name. */
  readonly tables: ReadonlyMap<string, ProjectedTable>;
  readonly limits: PageLimits;
}

/** What the objects of one group are copied to. */
export interface GroupProjection extends Wanted {
  readonly projected: readonly ProjectedTable[];
}

export function projectionOf({ name, resources }: Pick<AppDefinition, "name" | "resources">): Projection {
  const tables = [...resources.values()].flatMap(({ spec, config }) =>
    config.readModel === undefined ? [] : [projectTable(spec, config.readModel as true | readonly string[])],
  );
  return { app: name, tables: new Map(tables.map((table) => [table.name, table])), limits: PAGE_LIMITS };
}

/** Null for an object without projected tables. */
export function groupOf({ tables, limits }: Projection, object: ObjectName): GroupProjection | null {
  const [, , group = ""] = object.split("/");
  const projected = [...tables.values()].filter((table) => table.group === group);
  if (projected.length === 0) return null;
  return {
    projected,
    limits,
    form: projectionForm(projected),
    columns: Object.fromEntries(projected.map(({ name, columns }) => [name, columns.map((column) => column.name)])),
  };
}
