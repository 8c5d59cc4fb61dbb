/**
 * Which field of the file goes into which column: as `--map` says, else by equal names, else by names that are equal
 * without their case, spaces and punctuation ("US Gross" is `usGross`). Pure.
 */

import type { ImportColumn, ImportTable } from "./table-description.ts";

export interface ColumnMapping {
  /** By name of the field in the file. */
  readonly columns: ReadonlyMap<string, ImportColumn>;
  /** Fields that go nowhere. */
  readonly ignored: readonly string[];
  /** Columns that a create needs and no field gives. */
  readonly missing: readonly string[];
}

/** `declared`: column name by field name. Throws a plain `Error` when it names what is not there. */
export function mapColumns(
  fields: readonly string[],
  table: ImportTable,
  declared: ReadonlyMap<string, string>,
): ColumnMapping {
  const writable = table.columns.filter((column) => column.writable || column.name === table.primaryKey);
  const named = (name: string) => writable.find((column) => column.name === name);
  const columns = new Map<string, ImportColumn>();
  for (const [field, name] of declared) {
    const column = named(name);
    if (!fields.includes(field))
      throw new Error(`--map: the file has no field "${field}". Fields are: ${fields.join(", ")}`);
    if (column === undefined) {
      throw new Error(
        `--map: "${table.name}" has no column "${name}" to write. Columns are: ${writable.map((each) => each.name).join(", ")}`,
      );
    }
    columns.set(field, column);
  }
  const taken = () => new Set([...columns.values()].map((column) => column.name));
  for (const find of [named, (field: string) => alike(field, writable)]) {
    for (const field of fields) {
      const column = columns.has(field) ? undefined : find(field);
      if (column !== undefined && !taken().has(column.name)) columns.set(field, column);
    }
  }
  const given = taken();
  const missing = writable.filter(
    (column) => column.notNull && !column.hasDefault && column.name !== table.primaryKey && !given.has(column.name),
  );
  return {
    columns,
    ignored: fields.filter((field) => !columns.has(field)),
    missing: missing.map((column) => column.name),
  };
}

/** The one column whose name differs in form alone; undefined when there are two. */
function alike(field: string, columns: readonly ImportColumn[]): ImportColumn | undefined {
  const found = columns.filter((column) => bare(column.name) === bare(field));
  return found.length === 1 ? found[0] : undefined;
}

function bare(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}
