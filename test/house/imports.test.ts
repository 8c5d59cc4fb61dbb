/** Holds src/ and durable-objects/ to the room table; and the checker itself to what it must find. */

import { describe, expect, test } from "vitest";
import { findImports } from "./find-imports.ts";
import { readFiles, readPublicEntries } from "./project-files.ts";
import { EXCEPTIONS, judgeImport, roomOf } from "./room-rules.ts";

const ENTRIES = ["ledge", "ledge/query"];

/** What the checker says of a file with this text. */
function judge(path: string, text: string): string[] {
  return findImports(path, text)
    .map((found) => judgeImport(path, found, ENTRIES))
    .filter((problem) => problem !== null);
}

describe("the project", () => {
  const files = readFiles(["src", "durable-objects"]);
  const entries = readPublicEntries();

  test("[PF13] every import is one that the room table allows", () => {
    const problems = files.flatMap(({ path, text }) =>
      findImports(path, text).map((found) => judgeImport(path, found, entries)),
    );
    expect(problems.filter((problem) => problem !== null)).toEqual([]);
  });

  test("every file lies in a room", () => {
    expect(files.map(({ path }) => path).filter((path) => roomOf(path) === null)).toEqual([]);
  });

  test("the walk sees the project", () => {
    const imports = files.flatMap(({ path, text }) => findImports(path, text));
    expect(files.length).toBeGreaterThan(50);
    expect(imports.length).toBeGreaterThan(200);
    expect(imports.some(({ kind }) => kind === "type")).toBe(true);
  });

  test.each(EXCEPTIONS)("the exception of $from for $to is still used", ({ from, to }) => {
    const file = files.find(({ path }) => path === from);
    const name = to.split("/").at(-1) ?? to;
    expect(findImports(from, file?.text ?? "").some(({ specifier }) => specifier?.endsWith(`/${name}`))).toBe(true);
  });
});

describe("the checker", () => {
  test.each([
    ["src/core/a.ts", 'import { b } from "./b.ts"; export * from "../core/query/tree.ts";'],
    [
      "src/define/resource.ts",
      'import { text } from "drizzle-orm/sqlite-core"; import type { Json } from "../core/json.ts";',
    ],
    ["src/define/validation.ts", 'import * as z from "zod";'],
    [
      "src/tables/tasks.ts",
      'import { resource } from "ledge"; import { eq } from "ledge/query"; import { text } from "drizzle-orm/sqlite-core";',
    ],
    [
      "src/edge/a.ts",
      'import type { TableObjectRpc } from "../../durable-objects/table/table-object-rpc.ts"; import { jwtVerify } from "jose";',
    ],
    [
      "durable-objects/table/a.ts",
      'import { DurableObject } from "cloudflare:workers"; import type { Sql } from "../sql/port.ts";',
    ],
    ["durable-objects/sql/node-sqlite.ts", 'import { DatabaseSync } from "node:sqlite";'],
    [
      "src/features/files/a.ts",
      'import { AwsClient } from "aws4fetch"; import type { Sql } from "../../../durable-objects/sql/port.ts";',
    ],
    ["src/cli/a.ts", 'import { readFileSync } from "node:fs"; const app = await import(file);'],
    ["src/cli/generate/rehearse.ts", 'import { migrate } from "../../../durable-objects/table/migrate.ts";'],
    ["src/app.ts", 'import { files } from "./features/files/feature.ts"; import { defineApp } from "ledge";'],
    [
      "src/worker.ts",
      'import { app } from "./app.ts"; import { tableObject } from "../durable-objects/table/table-object.ts";',
    ],
    ["src/core/a.ts", '// import x from "jose"\nconst text = \'import x from "jose"\';'],
  ])("lets %s have %s", (path, text) => {
    expect(judge(path, text)).toEqual([]);
  });

  test.each([
    [
      "src/core/a.ts",
      'import { text } from "drizzle-orm/sqlite-core";',
      /src\/core\/a\.ts:1 imports "drizzle-orm\/sqlite-core": core may import no package/,
    ],
    [
      "src/core/a.ts",
      '\nexport type { X } from "../define/app.ts";',
      /src\/core\/a\.ts:2 .*core may import no other room.*is in define/,
    ],
    ["src/core/a.ts", 'type X = import("../edge/env.ts").LedgeEnv;', /core may import no other room/],
    ["src/core/a.ts", 'const x = await import("node:crypto");', /core may import no package/],
    ["src/core/a.ts", 'const x = require("jose");', /core may import no package/],
    ["src/core/a.ts", "const x = await import(name);", /computed path: core imports only/],
    ["src/core/a.ts", 'import { resource } from "ledge";', /behind the public entry/],
    ["src/define/resource.ts", 'import * as z from "zod";', /package zod is for src\/define\/validation\.ts only/],
    [
      "src/define/app.ts",
      'import { x } from "../edge/env.ts";',
      /only the rooms core, and src\/edge\/env\.ts is in edge/,
    ],
    ["src/tables/tasks.ts", 'import { x } from "../core/ids.ts";', /tables may import only the rooms entry/],
    ["src/tables/tasks.ts", 'import { Hono } from "hono";', /only the packages drizzle-orm, zod/],
    [
      "src/edge/a.ts",
      'import { openStore } from "../../durable-objects/table/store.ts";',
      /edge imports objects by type only/,
    ],
    ["src/edge/a.ts", 'import { type Store } from "../../durable-objects/table/store.ts";', /by type only/],
    ["src/edge/a.ts", 'export { openStore } from "../../durable-objects/table/store.ts";', /by type only/],
    ["src/edge/a.ts", 'import type { Sql } from "../../durable-objects/sql/port.ts";', /is in sql/],
    [
      "durable-objects/sql/a.ts",
      'import { DatabaseSync } from "node:sqlite";',
      /node:sqlite is for durable-objects\/sql\/node-sqlite\.ts only/,
    ],
    ["durable-objects/sql/a.ts", 'import type { Store } from "../table/store.ts";', /is in objects/],
    [
      "durable-objects/table/a.ts",
      'import { x } from "../channel/b.ts";',
      /durable-objects\/table may not import its neighbour durable-objects\/channel/,
    ],
    ["durable-objects/table/a.ts", 'import { app } from "../../src/app.ts";', /is in app/],
    [
      "src/features/files/a.ts",
      'import type { Job } from "../jobs/job.ts";',
      /src\/features\/files may not import its neighbour src\/features\/jobs/,
    ],
    ["src/features/files/a.ts", 'import { x } from "../../../durable-objects/table/store.ts";', /is in objects/],
    ["src/cli/a.ts", 'import { TableObject } from "../../durable-objects/table/table-object.ts";', /is in objects/],
    ["src/app.ts", 'import worker from "./worker.ts";', /nothing imports src\/worker\.ts/],
    ["src/edge/a.ts", 'import { x } from "../features/files/feature.ts";', /is in features/],
    ["src/core/a.ts", 'import { x } from "../../../elsewhere/y.ts";', /leaves the project/],
    ["src/core/a.ts", 'import { x } from "/abs/y.ts";', /paths are relative/],
    ["src/misplaced/a.ts", 'import { x } from "../core/ids.ts";', /lies in no room/],
  ])("refuses %s to have %s", (path, text, problem) => {
    expect(judge(path, text)).toEqual([expect.stringMatching(problem)]);
  });
});
