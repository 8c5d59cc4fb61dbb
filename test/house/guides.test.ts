/** Holds the guides in docs/ to the code where that can be checked: filters parse, problems exist, links and paths lead somewhere. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { expect, test } from "vitest";
import { PROBLEMS } from "../../src/core/protocol/problem-table.ts";
import { OPERATORS } from "../../src/core/query/operators.ts";
import { parseFilter } from "../../src/core/query/parse.ts";
import { resource } from "../../src/define/resource.ts";
import { ROOT, readFiles } from "./project-files.ts";

const pages = readFiles(["docs"], [".md"]);
const page = (path: string): string => pages.find((each) => each.path === path)?.text ?? "";
const codeSpans = (text: string) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);

/** A table with the columns that the examples of docs/query.md name. */
const { spec } = resource(
  sqliteTable("tasks", {
    id: text("id").primaryKey(),
    title: text("title"),
    status: text("status"),
    description: text("description"),
    priority: integer("priority"),
    a: integer("a"),
    b: integer("b"),
    c: integer("c"),
    dueAt: integer("due_at", { mode: "timestamp_ms" }),
    tags: text("tags", { mode: "json" }),
  }),
);

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
  expect(parseFilter(filter, { table: spec, fields: "client", parameter: "filter" }).kind).not.toBe("all");
});

test("docs/query.md names every operator", () => {
  const missing = OPERATORS.map(({ token }) => token).filter(
    (token) => !examples.includes(token) && !examples.includes(token.replace(/^=i/, "=")),
  );
  expect(missing).toEqual([]);
});

test("docs/http.md lists problems that exist, each under its status", () => {
  const rows = page("docs/http.md").matchAll(/^\| (\d{3}) \| (`[^|]+) \|/gm);
  const listed = [...rows].flatMap(([, status = "", slugs = ""]) =>
    codeSpans(slugs).map((slug) => ({ slug, status: Number(status) })),
  );
  const problems: Readonly<Record<string, { readonly status: number }>> = PROBLEMS;
  expect(listed.length).toBeGreaterThan(20);
  expect(listed.filter(({ slug, status }) => problems[slug]?.status !== status)).toEqual([]);
});

test.each(pages.map(({ path }) => path))("%s: its links and the files it names exist", (path) => {
  const markdown = page(path);
  const links = [...markdown.matchAll(/\]\(([^)#:]+)\)/g)].map(([, link = ""]) => join(path, "..", link));
  const named = codeSpans(markdown).filter((code) => /^(src|test|docs|durable-objects)\/[\w./-]+$/.test(code));
  expect([...links, ...named].filter((each) => !existsSync(join(ROOT, each)))).toEqual([]);
});
