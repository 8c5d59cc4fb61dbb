/**
 * An application as one Worker module on disk: its migrations by the generator that users run, its code by esbuild. Made
 * once and shared by the tests; everything a process writes lies elsewhere.
 */

import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { generate } from "../../src/cli/generate/generate.ts";

export const ROOT = join(import.meta.dirname, "../..");
const GENERATED = join(ROOT, "test/.generated/crash");

export interface BundleRequest {
  /** Folder under `test/.generated/crash`. */
  readonly name: string;
  /** The file that exports `app`. */
  readonly app: string;
  /** Name of a bundle whose migrations this one goes on from. */
  readonly after?: string;
  /** `harmful`: stops, aborts and evicts on request (`app/harm.ts`). `timeless`: no alarm is ever set. `telling`: says when an object is made in memory. `copying`: D1 in an object (`app/copy-harm.ts`). */
  readonly variant?: "plain" | "harmful" | "timeless" | "telling" | "copying";
}

const ENTRIES = {
  plain: entryOf,
  harmful: harmfulEntryOf,
  timeless: timelessEntryOf,
  telling: tellingEntryOf,
  copying: copyingEntryOf,
} as const;

/** The path of the Worker module. */
export async function bundleApp({ name, app, after, variant = "plain" }: BundleRequest): Promise<string> {
  const folder = join(GENERATED, name);
  const migrations = join(folder, "migrations");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (after !== undefined) cpSync(join(GENERATED, after, "migrations"), migrations, { recursive: true });
  const outcome = await generate({
    project: { root: ROOT, app, migrations, state: folder },
    mode: "write",
    renames: [],
    consent: { kind: "given" },
    acceptedPlacements: [],
  });
  if (outcome.kind === "refused") throw new Error(outcome.problems.join("\n"));
  const outfile = join(folder, "worker.js");
  await build({
    stdin: {
      contents: ENTRIES[variant](app, migrations),
      resolveDir: ROOT,
      sourcefile: "worker.ts",
      loader: "ts",
    },
    outfile,
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    // `browser` first: what a package has for runtimes other than Node.
    mainFields: ["browser", "module", "main"],
    external: ["cloudflare:*", "node:*", "workerd:*"],
    loader: { ".sql": "text" },
    logLevel: "warning",
  });
  return outfile;
}

function entryOf(app: string, migrations: string): string {
  return `
    import { tableObject } from ${JSON.stringify(join(ROOT, "durable-objects/table/table-object.ts"))};
    import { migrations } from ${JSON.stringify(join(migrations, "migrations.ts"))};
    import { app } from ${JSON.stringify(app)};
    export const TableObject = tableObject(app, migrations);
    export default app;
  `;
}

function harmfulEntryOf(app: string, migrations: string): string {
  return `
    import { tableObject } from ${JSON.stringify(join(ROOT, "durable-objects/table/table-object.ts"))};
    import { migrations } from ${JSON.stringify(join(migrations, "migrations.ts"))};
    import { app } from ${JSON.stringify(app)};
    import { answerHarm, harmfulPoint } from ${JSON.stringify(join(ROOT, "test/crash/app/harm.ts"))};
    export const TableObject = tableObject(app, migrations, { failPoint: harmfulPoint });
    export default {
      fetch: async (request, env, ctx) => (await answerHarm(request, env, ctx, app)) ?? app.fetch(request, env, ctx),
    };
  `;
}

function timelessEntryOf(app: string, migrations: string): string {
  return `
    import { tableObject } from ${JSON.stringify(join(ROOT, "durable-objects/table/table-object.ts"))};
    import { migrations } from ${JSON.stringify(join(migrations, "migrations.ts"))};
    import { app } from ${JSON.stringify(app)};
    export class TableObject extends tableObject(app, migrations) {
      constructor(ctx, env) {
        Object.defineProperty(ctx.storage, "setAlarm", { value: async () => {} });
        super(ctx, env);
      }
      async alarm() {}
    }
    export default app;
  `;
}

/** Begins the line that an object writes when it is made in memory; its name follows. */
export const MADE = "[made] ";

function tellingEntryOf(app: string, migrations: string): string {
  return `
    import { tableObject } from ${JSON.stringify(join(ROOT, "durable-objects/table/table-object.ts"))};
    import { migrations } from ${JSON.stringify(join(migrations, "migrations.ts"))};
    import { app } from ${JSON.stringify(app)};
    export class TableObject extends tableObject(app, migrations) {
      constructor(ctx, env) {
        super(ctx, env);
        console.log(${JSON.stringify(MADE)} + ctx.id.name);
      }
    }
    export default app;
  `;
}

function copyingEntryOf(app: string, migrations: string): string {
  return `
    import { tableObject } from ${JSON.stringify(join(ROOT, "durable-objects/table/table-object.ts"))};
    import { migrations } from ${JSON.stringify(join(migrations, "migrations.ts"))};
    import { app } from ${JSON.stringify(app)};
    import { answerHarm, bindings, DatabaseObject } from ${JSON.stringify(join(ROOT, "test/crash/app/copy-harm.ts"))};
    export { DatabaseObject };
    export class TableObject extends tableObject(app, migrations) {
      constructor(ctx, env) {
        super(ctx, bindings(env));
      }
      async reset() {
        await this.ctx.storage.deleteAll();
        this.ctx.abort("reset");
      }
    }
    export default {
      fetch: async (request, env, ctx) => (await answerHarm(request, env)) ?? app.fetch(request, bindings(env), ctx),
    };
  `;
}
