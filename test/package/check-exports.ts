/**
 * `npm run check:exports`: builds and packs the client, has publint and attw judge the tarball, and then uses it as a stranger would: unpacked into
 * an empty project, imported by Node, compiled against. Fails at the first that finds something.
 */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DescribedTable, typesText } from "../../src/cli/types/types-text.ts";
import { buildClient, CLIENT_PACKAGE } from "./build-client.ts";

const ROOT = join(import.meta.dirname, "../..");
const BIN = join(ROOT, "node_modules/.bin");

/** What a stranger's front end says: a client typed by what `ledge types` has written, signed in, live, offline, in React. */
const STRANGER = `
import { createClient, newId } from "ledge/client";
import { createClient as createSignedIn } from "ledge/client/auth";
import { withCache } from "ledge/client/cache";
import { createClient as createLive, withLive } from "ledge/client/live";
import { withOutbox } from "ledge/client/offline";
import { createClient as createStored, withStore } from "ledge/client/store";
import { useLiveList, LedgeProvider } from "ledge/client/react";
import { raw } from "ledge/query";
import type { Tables } from "./ledge-types.ts";

const url = "https://ledge.example";
const client = withStore(withOutbox(withLive(createSignedIn<Tables>({ url }))));
// @ts-expect-error: a client without live queries has no status of what is unsent
createClient({ url }).sync.status;
// @ts-expect-error: no such column
client.outbox.transaction([{ op: "create", table: "notes", values: { texd: "" } }]);
export const read = [createClient<Tables>({ url }), createLive<Tables>({ url }), createStored<Tables>({ url })]
  .map((each) => () => each.notes.first().then((note) => note?.text.length));
export const signOut = () => client.auth.signOut();
const unsent: number = client.sync.status.unsent;
const all = [newId, withCache, withLive, useLiveList, LedgeProvider, raw];
console.log(unsent, all.every((each) => typeof each === "function"));
process.exit();
`;

const NOTES: readonly DescribedTable[] = [
  {
    ...{ path: "notes", primaryKey: "id", idKind: "uuid", partitionBy: null, computed: [] },
    columns: ["id", "text"].map((name) => ({
      ...{ name, kind: "text", notNull: true, hasDefault: false, readable: true, serverFilled: false },
      writable: name !== "id",
    })),
  },
];

const place = mkdtempSync(join(tmpdir(), "ledge-exports-"));
const run = (command: string, args: readonly string[], cwd: string) =>
  execFileSync(command, args, { cwd, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });

try {
  await buildClient();
  const tarball = join(place, run("npm", ["pack", "--silent", "--pack-destination", place], CLIENT_PACKAGE).trim());
  console.log(run(join(BIN, "publint"), ["run", tarball, "--strict"], place));
  console.log(run(join(BIN, "attw"), [tarball, "--profile", "esm-only", "--format", "ascii"], place));

  const home = join(place, "node_modules/ledge");
  mkdirSync(home, { recursive: true });
  run("tar", ["-xzf", tarball, "-C", home, "--strip-components=1"], place);
  // drizzle-orm is not there: the types of tables behind `typeof app` need it, these do not.
  for (const name of ["react", "@types", "@tanstack", "csstype"])
    symlinkSync(join(ROOT, "node_modules", name), join(place, "node_modules", name));
  writeFileSync(join(place, "package.json"), '{ "type": "module" }');
  writeFileSync(join(place, "app.ts"), STRANGER);
  writeFileSync(join(place, "ledge-types.ts"), typesText(NOTES, "https://ledge.example"));
  const strict = [
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--allowImportingTsExtensions",
    "--target",
    "es2023",
    "--module",
    "nodenext",
    "--types",
    "node",
  ];
  run(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), ...strict, "app.ts"], place);
  const said = run(process.execPath, ["app.ts"], place).trim();
  if (said !== "0 true") throw new Error(`The package said ${said}`);
  console.log("The packed client compiles, and runs in Node");
} finally {
  rmSync(place, { recursive: true, force: true });
}
