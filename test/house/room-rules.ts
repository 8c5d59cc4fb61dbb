/**
 * The room table of src/ARCHITECTURE.md as data, and the judgement of one import by it. A path that lies in no room may import
 * nothing: a new folder needs a line here, and there. Pure.
 */

import { posix } from "node:path";
import type { FoundImport } from "./find-imports.ts";

export interface Room {
  readonly name: string;
  /** A folder, or one file. `<cell>` stands for any one folder name; cells of a room do not import each other. */
  readonly path: string;
  /** Names of other rooms, or `all`. A room always imports itself. */
  readonly rooms: readonly string[] | "all";
  /** Rooms whose types may be imported, and nothing else of them. */
  readonly typesOf?: readonly string[];
  /** npm packages and runtime modules, or `all`. One with `only` is for those files. */
  readonly packages: readonly (string | { readonly name: string; readonly only: readonly string[] })[] | "all";
}

/** `entry` is the public entry, `import … from "ledge"`. First match wins. */
export const ROOMS: readonly Room[] = [
  { name: "core", path: "src/core", rooms: [], packages: [] },
  {
    name: "define",
    path: "src/define",
    rooms: ["core"],
    packages: ["drizzle-orm", { name: "zod", only: ["src/define/validation.ts"] }],
  },
  // zod: for `schema:` of a table, in a file that is YOURS.
  { name: "tables", path: "src/tables", rooms: ["entry"], packages: ["drizzle-orm", "zod"] },
  // What stands in a job: its input's schema, and the public entries.
  { name: "jobs", path: "src/jobs", rooms: ["entry"], packages: ["zod"] },
  {
    name: "edge",
    path: "src/edge",
    rooms: ["core", "define"],
    typesOf: ["objects"],
    packages: ["itty-router", "jose"],
  },
  {
    name: "sql",
    path: "durable-objects/sql",
    rooms: ["core"],
    packages: ["drizzle-orm", { name: "node:sqlite", only: ["durable-objects/sql/node-sqlite.ts"] }],
  },
  {
    name: "objects",
    path: "durable-objects/<cell>",
    rooms: ["core", "define", "sql"],
    packages: ["cloudflare:workers"],
  },
  { name: "hooks", path: "src/client/react", rooms: ["client", "core"], packages: ["react"] },
  // Rows and applications by type only: nothing of a server is bundled. drizzle-orm: the types of tables.
  {
    name: "client",
    path: "src/client",
    rooms: ["core"],
    typesOf: ["define", "tables", "app"],
    packages: [
      { name: "drizzle-orm", only: ["src/client/app-types.ts"] },
      { name: "@tanstack/db", only: ["src/client/tanstack-db/collection-options.ts"] },
    ],
  },
  { name: "features", path: "src/features/<cell>", rooms: ["core", "define", "edge", "sql", "entry"], packages: "all" },
  // Bundled for the browser: of the project only the client, by its public entries, and what pages say in HTML.
  {
    name: "page scripts",
    path: "src/web/client",
    rooms: ["web", "entry"],
    typesOf: ["app"],
    packages: ["react", "react-dom"],
  },
  { name: "web", path: "src/web", rooms: ["core", "define", "edge", "entry"], packages: [] },
  {
    name: "cli",
    path: "src/cli",
    rooms: ["core", "define", "edge", "entry", "tables", "features", "sql", "web", "app", "migrations"],
    packages: "all",
  },
  { name: "entry", path: "src/ledge.ts", rooms: ["core", "define", "edge"], packages: [] },
  { name: "app", path: "src/app.ts", rooms: "all", packages: "all" },
  { name: "worker", path: "src/worker.ts", rooms: "all", packages: "all" },
  { name: "migrations", path: "migrations", rooms: ["define"], packages: [] },
];

/** Imports that the table forbids and a reason allows. One that is no longer used fails the test. */
export const EXCEPTIONS: readonly { readonly from: string; readonly to: string; readonly because: string }[] = [
  {
    from: "durable-objects/table/active-object.ts",
    to: "src/edge/live/ticket.ts",
    because: "a ticket that renews a session is opened by the very code that sealed it",
  },
  {
    from: "src/cli/generate/rehearse.ts",
    to: "durable-objects/table/migrate.ts",
    because: "a new migration is rehearsed by the very runner that objects use",
  },
  {
    from: "src/cli/generate/rehearse.ts",
    to: "durable-objects/table/present-columns.ts",
    because: "the outcome of the rehearsal is read as objects read it",
  },
];

/** The room of a path and, in a room of cells, which of them; null when it lies in none. */
export function roomOf(path: string): { readonly room: Room; readonly cell: string | null } | null {
  for (const room of ROOMS) {
    if (path === room.path) return { room, cell: null };
    const pattern = room.path.split("/");
    const parts = path.split("/");
    if (parts.length <= pattern.length || !pattern.every((part, index) => part === "<cell>" || part === parts[index]))
      continue;
    return { room, cell: pattern.includes("<cell>") ? (parts[pattern.indexOf("<cell>")] ?? null) : null };
  }
  return null;
}

/** Why this import is forbidden, or null. `publicEntries` are the names under which the project imports itself. */
export function judgeImport(from: string, found: FoundImport, publicEntries: readonly string[]): string | null {
  const here = roomOf(from);
  const what = found.specifier === null ? "a computed path" : `"${found.specifier}"`;
  const refuse = (rule: string) => `${from}:${found.line} imports ${what}: ${rule}`;
  if (here === null)
    return refuse("the file lies in no room of the table (src/ARCHITECTURE.md, test/house/room-rules.ts)");
  const { room } = here;
  const { specifier } = found;
  if (specifier === null)
    return room.packages === "all" ? null : refuse(`${room.name} imports only what can be read from its text`);
  if (specifier.startsWith(".")) {
    const to = posix.join(posix.dirname(from), specifier);
    if (EXCEPTIONS.some((exception) => exception.from === from && exception.to === to)) return null;
    const rule = judgePath(here, to, found.kind);
    return rule === null ? null : refuse(rule);
  }
  if (specifier.startsWith("/")) return refuse("paths are relative");
  if (publicEntries.includes(specifier))
    return mayImport(room, "entry")
      ? null
      : refuse(`${room.name} is behind the public entry and imports files by path`);
  const name = packageName(specifier);
  if (room.packages === "all") return null;
  const allowed = room.packages.find((each) => (typeof each === "string" ? each : each.name) === name);
  if (allowed === undefined)
    return refuse(
      `${room.name} may import ${room.packages.length === 0 ? "no package" : `only the packages ${listed(room)}`}`,
    );
  if (typeof allowed !== "string" && !allowed.only.includes(from))
    return refuse(`in ${room.name} the package ${name} is for ${allowed.only.join(", ")} only`);
  return null;
}

function judgePath(
  here: { readonly room: Room; readonly cell: string | null },
  to: string,
  kind: FoundImport["kind"],
): string | null {
  const { room, cell } = here;
  const there = roomOf(to);
  if (to.startsWith("../")) return "it leaves the project";
  if (there === null) return `${to} lies in no room of the table`;
  if (there.room.name === "worker") return "nothing imports src/worker.ts";
  if (there.room === room) {
    if (there.cell === cell) return null;
    return `${room.path.replace("<cell>", String(cell))} may not import its neighbour ${room.path.replace("<cell>", String(there.cell))}`;
  }
  if (mayImport(room, there.room.name)) return null;
  if (room.typesOf?.includes(there.room.name) === true)
    return kind === "type" ? null : `${room.name} imports ${there.room.name} by type only (import type)`;
  return `${room.name} may import ${room.rooms.length === 0 ? "no other room" : `only the rooms ${[...room.rooms].join(", ")}`}, and ${to} is in ${there.room.name}`;
}

function mayImport(room: Room, name: string): boolean {
  return room.name === name || room.rooms === "all" || room.rooms.includes(name);
}

/** `drizzle-orm/sqlite-core` → `drizzle-orm`, `@scope/name/x` → `@scope/name`, `node:sqlite` and `cloudflare:workers` as they are. */
function packageName(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

function listed(room: Room): string {
  return room.packages === "all"
    ? ""
    : room.packages.map((each) => (typeof each === "string" ? each : each.name)).join(", ");
}
