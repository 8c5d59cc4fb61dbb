/** A contender as one Worker module on disk: as it is timed, or with something around it that is measured apart. */

import type { AnyContender } from "./contenders.ts";
import { bundleWorker } from "./start-worker.ts";

/**
 * `timed`: the contender and nothing else. `counted`: `/bench/cost` tells what its objects were asked and did (`count-cost.ts`).
 * `started`: `/bench/ping` is answered before any of its code is asked. `filled`, Ledge only: `/bench/fill` (`fill-object.ts`).
 */
export type Variant = "timed" | "counted" | "started" | "filled";

export interface BundleOptions {
  readonly variant?: Variant;
  readonly minify?: boolean;
  /** Commits that Ledge's ledger keeps. */
  readonly maxCommits?: number;
}

const FILES: Readonly<Record<AnyContender, string>> = {
  ledge: "ledge-worker.ts",
  floor: "floor-worker.ts",
  "hono-d1": "hono-worker.ts",
  transactions: "transaction-worker.ts",
  "transactions-floor": "transaction-floor-worker.ts",
};
const OBJECT_CLASSES: Readonly<Partial<Record<AnyContender, string>>> = {
  ledge: "TableObject",
  floor: "ItemsObject",
  transactions: "TableObject",
  "transactions-floor": "BankObject",
};

/** The path of the module in `folder`. */
export function bundleContender(
  name: AnyContender,
  folder: string,
  { variant = "timed", minify = true, maxCommits = 10_000 }: BundleOptions = {},
): Promise<string> {
  return bundleWorker(folder, {
    stdin: { contents: entryOf(name, variant), resolveDir: import.meta.dirname, sourcefile: "entry.ts", loader: "ts" },
    loader: { ".sql": "text" },
    define: { MAX_COMMITS: String(maxCommits) },
    minify,
  });
}

function entryOf(name: AnyContender, variant: Variant): string {
  const file = JSON.stringify(`./${FILES[name]}`);
  const objectClass = OBJECT_CLASSES[name];
  switch (variant) {
    case "timed":
      return `export * from ${file}; export { default } from ${file};`;
    case "started":
      return `
        import worker from ${file};
        export * from ${file};
        export default {
          fetch: (request, env, ctx) =>
            new URL(request.url).pathname === "/bench/ping" ? new Response("here") : worker.fetch(request, env, ctx),
        };`;
    case "filled":
      return `
        import * as contender from ${file};
        import { answerFill, filled } from "./fill-object.ts";
        export const TableObject = filled(contender.TableObject);
        export default {
          fetch: async (request, env, ctx) =>
            (await answerFill(request, env)) ?? contender.default.fetch(request, env, ctx),
        };`;
    case "counted":
      return `
        import * as contender from ${file};
        import { counted, takeCost } from "./count-cost.ts";
        ${objectClass === undefined ? "" : `export const ${objectClass} = counted(contender.${objectClass});`}
        export default {
          fetch: (request, env, ctx) =>
            new URL(request.url).pathname === "/bench/cost"
              ? Response.json(takeCost())
              : contender.default.fetch(request, env, ctx),
        };`;
  }
}
