/** YOURS. Commands for the first page, made from the tables that are there, so that each of them works when pasted. */

import type { AnyResource, Json, RouteContext, TableSpec } from "ledge";

export interface Example {
  readonly title: string;
  readonly command: string;
}

/** Reads and writes of the table that asks least of a new row, and a write into the first table with partitions. */
export function examples({ app, url, basePath }: RouteContext): readonly Example[] {
  const tables = [...app.resources.values()].filter(({ spec }) => spec.capabilities.create && spec.idKind !== "text");
  const plain = tables
    .filter(({ spec }) => spec.partitionBy === null)
    .sort((a, b) => effort(a, tables) - effort(b, tables))[0];
  const split = tables.find(({ spec }) => spec.partitionBy !== null);
  return [
    ...(plain === undefined ? [] : plainExamples(plain, `${url.origin}${basePath}/${plain.name}`)),
    ...(split === undefined
      ? []
      : [
          {
            title: `Write into a partition of ${split.name}`,
            command: post(`${url.origin}${basePath}/@lobby/${split.name}`, split.spec),
          },
        ]),
  ];
}

/** How much a table asks of a newcomer: its required columns; tables that share an object come later. */
function effort({ name, spec }: AnyResource, all: readonly AnyResource[]): number {
  const isShared = all.some((other) => other.name !== name && other.spec.group === spec.group);
  return needed(spec).length + (isShared ? 10 : 0);
}

function plainExamples({ name, spec }: AnyResource, address: string): Example[] {
  return [
    { title: `Add a row to ${name}`, command: post(address, spec) },
    {
      title: "Read the newest",
      command: `curl '${address}?orderBy=-${spec.primaryKey}&limit=5' \\\n  -H 'Authorization: Bearer dev:alice'`,
    },
    { title: "Count", command: `curl '${address}/count' \\\n  -H 'Authorization: Bearer dev:alice'` },
  ];
}

function post(address: string, spec: TableSpec): string {
  const body = JSON.stringify(sampleRow(spec)).replaceAll("'", "'\\''");
  return `curl -X POST '${address}' \\\n  -H 'Authorization: Bearer dev:alice' \\\n  -H 'Content-Type: application/json' \\\n  -d '${body}'`;
}

/** The columns that a create must give. */
function needed(spec: TableSpec): TableSpec["columns"] {
  return spec.columns.filter((column) => column.writable && column.notNull && !column.hasDefault);
}

function sampleRow(spec: TableSpec): Record<string, Json> {
  return Object.fromEntries(needed(spec).map((column) => [column.name, sampleValue(column)]));
}

function sampleValue(column: TableSpec["columns"][number]): Json {
  switch (column.kind) {
    case "text":
      return column.enumValues?.[0] ?? `My first ${column.name}`.slice(0, column.maxLength ?? 100);
    case "int":
    case "real":
      return 1;
    case "bigint":
      return "1";
    case "bool":
      return true;
    case "time":
      return "2026-01-01T00:00:00.000Z";
    case "json":
      return [];
    case "blob":
      return "";
  }
}
