/** Holds the guides in docs/ to the code where that can be checked: filters parse, problems exist, links and paths lead somewhere. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROBLEMS } from "../../src/core/protocol/problem.ts";
import { OPERATORS } from "../../src/core/query/operators.ts";
import { parseFilter } from "../../src/core/query/parse.ts";
import type { ColumnKind, TableSpec } from "../../src/core/schema/table-spec.ts";
import { readFiles, ROOT } from "./project-files.ts";

const pages = readFiles(["docs"], [".md"]);
const page = (path: string): string => pages.find((each) => each.path === path)?.text ?? "";
const codeSpans = (text: string) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);

/** The columns that the examples of docs/query.md name. */
const COLUMNS: Readonly<Record<string, ColumnKind>> = {
  id: "text",
  title: "text",
  status: "text",
  description: "text",
  priority: "int",
  a: "int",
  b: "int",
  c: "int",
  dueAt: "time",
  tags: "json",
};

const TABLE: TableSpec = {
  name: "tasks",
  columns: Object.entries(COLUMNS).map(([name, kind]) => ({
    name,
    sqlName: name,
    kind,
    ...(kind === "time" ? { timeStorage: "ms" as const } : {}),
    notNull: false,
    hasDefault: false,
    primaryKey: name === "id",
    readable: true,
    writable: true,
    filterable: true,
    sortable: true,
    serverFilled: false,
  })),
  primaryKey: "id",
  idKind: "uuid",
  group: "tasks",
  partitionBy: null,
  softDelete: null,
  versionField: null,
  etagRequired: false,
  strictInput: false,
  computed: [],
  pagination: { defaultLimit: 20, maxLimit: 100, offset: true },
  capabilities: { create: true, update: true, delete: true, batch: true, aggregate: true, subscribe: true, search: false },
  shape: "000000",
};

const examples = page("docs/query.md").split("## Filters by example")[1]?.split("\n## ")[0] ?? "";
const filters = examples
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .flatMap((line) => codeSpans(line.split(" | ")[0] ?? ""))
  .filter((code) => /^[a-z!(]/i.test(code));

test("the examples of docs/query.md are found", () => {
  expect(filters.length).toBeGreaterThan(20);
});

test.each(filters)("docs/query.md: %s can be read", (filter) => {
  expect(parseFilter(filter, { table: TABLE, fields: "client", parameter: "filter" }).kind).not.toBe("all");
});

test("docs/query.md names every operator", () => {
  const missing = OPERATORS.map(({ token }) => token).filter((token) => !examples.includes(token) && !examples.includes(token.replace(/^=i/, "=")));
  expect(missing).toEqual([]);
});

test("docs/http.md lists problems that exist, each under its status", () => {
  const rows = page("docs/http.md").matchAll(/^\| (\d{3}) \| (`[^|]+) \|/gm);
  const listed = [...rows].flatMap(([, status = "", slugs = ""]) => codeSpans(slugs).map((slug) => ({ slug, status: Number(status) })));
  const problems: Readonly<Record<string, { readonly status: number }>> = PROBLEMS;
  expect(listed.length).toBeGreaterThan(20);
  expect(listed.filter(({ slug, status }) => problems[slug]?.status !== status)).toEqual([]);
});

test.each(pages.map(({ path }) => path))("%s: its links and the files it names exist", (path) => {
  const text = page(path);
  const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(([, link = ""]) => join(path, "..", link));
  const named = codeSpans(text).filter((code) => /^(src|test|docs|durable-objects)\/[\w./-]+$/.test(code));
  expect([...links, ...named].filter((each) => !existsSync(join(ROOT, each)))).toEqual([]);
});
