/** What the client costs whoever bundles it, and what its bundle may hold: no server, no parser, no DOM. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { ROOT } from "../house/project-files.ts";

const KB = 1024;

async function bundle(names: string, entry = "ledge-client") {
  const { metafile, outputFiles } = await build({
    stdin: { contents: `export ${names} from "./src/client/${entry}.ts";`, resolveDir: ROOT },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    metafile: true,
    write: false,
    outdir: "out",
    external: ["react"],
  });
  const carried = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  const gzip = gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
  return { gzip, inputs: Object.keys(metafile.inputs), carried };
}

test("[SDK10] createClient with every method is at most 5 KB, all of ledge/client at most 6.5 KB, gzipped", async () => {
  const core = await bundle("{ createClient }");
  expect(core.gzip).toBeGreaterThan(3 * KB);
  expect(core.gzip).toBeLessThanOrEqual(5 * KB);
  const all = await bundle("*");
  expect(all.gzip).toBeLessThanOrEqual(6.5 * KB);
  const foreign = all.inputs.filter(
    (path) => !/^src\/(client\/|core\/(ids|fault|json|query\/(tree|print))\.ts$)|^<stdin>$/.test(path),
  );
  expect(foreign).toEqual([]);
});

test("[SDK10] createClient with sign-in is at most 6.8 KB, gzipped", async () => {
  const { gzip, inputs } = await bundle("{ createClient }", "ledge-client-auth");
  expect(gzip).toBeLessThanOrEqual(6.8 * KB);
  expect(inputs.filter((path) => !/^src\/(client|core)\/|^<stdin>$/.test(path))).toEqual([]);
});

test("[SDK10] createClient with live queries is at most 18.5 KB, gzipped, and holds no parser and no limits of the object", async () => {
  const { gzip, inputs } = await bundle("{ createClient }", "ledge-client-live");
  expect(gzip).toBeLessThanOrEqual(18.5 * KB);
  expect(inputs.filter((path) => !/^src\/(client|core)\/|^<stdin>$|parse|tokenize/.test(path))).toEqual([]);
  expect(inputs).not.toContain("src/core/live/live-limits.ts");
});

test("[SDK10] [O8] sharing sockets between tabs is at most 3.25 KB beside a client with live queries, gzipped", async () => {
  const alone = await bundle("{ createClient }", "ledge-client-live");
  const both = await bundle("{ createClient, shareSockets }", "ledge-client-live");
  expect(both.gzip - alone.gzip).toBeLessThanOrEqual(3.25 * KB);
});

test("[SDK10] [K1] the cache is at most 2 KB beside the client, gzipped, and the client does not carry it", async () => {
  const alone = await bundle("{ createClient }");
  const both = await bundle('{ createClient } from "./src/client/ledge-client.ts"; export *', "ledge-client-cache");
  expect(both.gzip - alone.gzip).toBeLessThanOrEqual(2 * KB);
  expect(alone.inputs.filter((path) => path.includes("cache"))).toEqual([]);
});

test("[SDK10] [FS3] one upload is at most 2 KB beside the client, all there is for files 3.5 KB, gzipped, and the client carries none of it", async () => {
  const alone = await bundle("{ createClient }");
  const both = await bundle('{ createClient } from "./src/client/ledge-client.ts"; export *', "ledge-client-files");
  const one = await bundle(
    '{ createClient } from "./src/client/ledge-client.ts"; export { uploadFile }',
    "ledge-client-files",
  );
  expect(one.gzip - alone.gzip).toBeLessThanOrEqual(2 * KB);
  expect(both.gzip - alone.gzip).toBeLessThanOrEqual(3.5 * KB);
  expect(alone.inputs.filter((path) => /client\/files/.test(path))).toEqual([]);
});

test("[SDK10] [J15] jobs are at most 1.25 KB beside the client, gzipped, and the client does not carry them", async () => {
  const alone = await bundle("{ createClient }");
  const both = await bundle('{ createClient } from "./src/client/ledge-client.ts"; export *', "ledge-client-jobs");
  expect(both.gzip - alone.gzip).toBeLessThanOrEqual(1.25 * KB);
  expect(alone.inputs.filter((path) => path.includes("job"))).toEqual([]);
});

test("[SDK10] the outbox is at most 9.5 KB beside the client, gzipped, 27.6 KB with live queries, and the client does not carry it", async () => {
  const alone = await bundle("{ createClient }");
  const both = await bundle(
    '{ createClient } from "./src/client/ledge-client.ts"; export { withOutbox }',
    "ledge-client-offline",
  );
  expect(both.gzip - alone.gzip).toBeLessThanOrEqual(9.5 * KB);
  const all = await bundle(
    '{ withOutbox } from "./src/client/ledge-client-offline.ts"; export { createClient }',
    "ledge-client-live",
  );
  expect(all.gzip).toBeLessThanOrEqual(27.6 * KB);
  expect(alone.inputs.filter((path) => path.includes("offline"))).toEqual([]);
});

test("[SDK10] the live store is at most 15.1 KB beside a client with live queries and outbox, gzipped, and holds no parser", async () => {
  const parts =
    '{ createClient } from "./src/client/ledge-client-live.ts"; export { withOutbox } from "./src/client/ledge-client-offline.ts"';
  const both = await bundle(`${parts}; export { withOutbox as other }`, "ledge-client-offline");
  const all = await bundle(`${parts}; export { withStore }`, "ledge-client-store");
  expect(all.gzip - both.gzip).toBeLessThanOrEqual(15.1 * KB);
  expect(all.inputs.filter((path) => /parse|tokenize/.test(path))).toEqual([]);
});

test("[SDK10] [P10] [SDK7] the infinite list as an object and the optimistic update are at most 0.6 KB over the store, gzipped, and who calls neither carries neither", async () => {
  const parts = '{ withStore } from "./src/client/ledge-client-store.ts"; export';
  const without = await bundle(`${parts} { withStore as other }`, "ledge-client-store");
  const both = await bundle(`${parts} { createInfiniteScroll, optimisticUpdate }`, "ledge-client-store");
  expect(both.gzip - without.gzip).toBeLessThanOrEqual(0.6 * KB);
  expect(without.carried.filter((path) => /infinite-scroll|optimistic-update/.test(path))).toEqual([]);
  expect(both.carried.filter((path) => /infinite-scroll|optimistic-update/.test(path))).toHaveLength(2);
});

test("[SDK10] [RH1] the hooks are at most 2.9 KB over the store, gzipped, React aside, which nothing else of the client carries", async () => {
  const parts = ["live", "offline", "store"]
    .map((part) => `export * from "./src/client/ledge-client-${part}.ts";`)
    .join("");
  const without = await bundle(`{ createClient } from "./src/client/ledge-client.ts"; ${parts} export { safe }`);
  const both = await bundle(
    `{ createClient } from "./src/client/ledge-client.ts"; ${parts} export *`,
    "react/ledge-client-react",
  );
  expect(both.gzip - without.gzip).toBeLessThanOrEqual(2.9 * KB);
  expect(without.inputs.filter((path) => path.includes("react"))).toEqual([]);
});

test("[SDK10] [RH8] the hooks of files are at most 1 KB over the other hooks and the files of the client, gzipped", async () => {
  const parts = ["files", "live", "offline", "store"]
    .map((part) => `export * from "./src/client/ledge-client-${part}.ts";`)
    .join("");
  const without = await bundle(`* from "./src/client/react/ledge-client-react.ts"; ${parts} export { safe }`);
  const both = await bundle(
    `* from "./src/client/react/ledge-client-react.ts"; ${parts} export *`,
    "react/ledge-client-react-files",
  );
  expect(both.gzip - without.gzip).toBeLessThanOrEqual(KB);
});

test("[SDK10] the client compiles without types of a browser, Node or Workers", () => {
  const { compilerOptions } = JSON.parse(readFileSync(join(ROOT, "src/client/tsconfig.json"), "utf8"));
  expect([compilerOptions.lib, compilerOptions.types]).toEqual([["ES2024"], []]);
  const run = spawnSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "src/client"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  expect(run.stdout).toBe("");
  expect(run.status).toBe(0);
}, 60_000);
