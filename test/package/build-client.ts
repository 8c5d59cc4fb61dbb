/**
 * `npm run build:client`: the client as a package of its own in `dist/client`, for a front end in another repository. The entries below `./client` and
 * `./query` of package.json, as JavaScript that shares its chunks, with declarations. A fork itself needs none of it: there the same names
 * lead to the source.
 */

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const ROOT = join(import.meta.dirname, "../..");

/** The folder that `npm pack` is given. */
export const CLIENT_PACKAGE = join(ROOT, "dist/client");

/** Writes the package anew. */
export async function buildClient(): Promise<void> {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
  const entries = Object.entries(manifest.exports).filter(([name]) => /^\.\/(client|query)(\/|$)/.test(name));
  rmSync(CLIENT_PACKAGE, { recursive: true, force: true });
  mkdirSync(CLIENT_PACKAGE, { recursive: true });
  await build({
    absWorkingDir: ROOT,
    entryPoints: entries.map(([, source]) => source),
    outdir: CLIENT_PACKAGE,
    outbase: "src",
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    packages: "external",
  });
  declare(entries.map(([, source]) => join(ROOT, source)));
  const exports = Object.fromEntries(
    entries.map(([name, source]) => {
      const built = source.replace(/^\.\/src\//, "./").replace(/\.ts$/, "");
      return [name, { types: `${built}.d.ts`, default: `${built}.js` }];
    }),
  );
  const { name, version, license, dependencies, peerDependencies, peerDependenciesMeta } = manifest;
  const own = {
    ...{ name, version, license, description: "The client of a Ledge backend.", type: "module", sideEffects: false },
    ...{ engines: { node: ">=20" }, files: ["**/*.js", "**/*.d.ts"] },
    exports,
    // Of the tables behind `typeof app`; nothing of it is in the JavaScript.
    peerDependencies: { ...peerDependencies, "drizzle-orm": dependencies["drizzle-orm"] },
    peerDependenciesMeta: { ...peerDependenciesMeta, "drizzle-orm": { optional: true } },
  };
  writeFileSync(join(CLIENT_PACKAGE, "package.json"), `${JSON.stringify(own, null, 2)}\n`);
}

/** Declarations of the entries and of what they import, each naming the others by `.js`. */
function declare(files: readonly string[]): void {
  const config = join(CLIENT_PACKAGE, "tsconfig.json");
  const compilerOptions = { noEmit: false, declaration: true, emitDeclarationOnly: true, rootDir: join(ROOT, "src") };
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(ROOT, "src/client/tsconfig.json"),
      compilerOptions: { ...compilerOptions, outDir: CLIENT_PACKAGE, typeRoots: [join(ROOT, "node_modules/@types")] },
      files,
    }),
  );
  execFileSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", config], { stdio: "inherit" });
  rmSync(config);
  for (const file of readdirSync(CLIENT_PACKAGE, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".d.ts")) continue;
    const path = join(CLIENT_PACKAGE, file);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/((?:from|import)\s*\(?\s*"\.{1,2}\/[^"]+)\.ts"/g, '$1.js"'));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await buildClient();
