/**
 * What the campaign of the read model does from inside the process: a D1 whose rows lie in an object of this same process, so that a kill meets
 * it in the middle of a batch; and points before, in and after each batch of a consumer where the process stands still until it is killed.
 * `/harm/…` says where. Pages are small, so that a copy takes several.
 */

import { DurableObject } from "cloudflare:workers";
import { type CopyPoint, STOPPED_AT } from "../copy-points.ts";

const LIMITS = { rows: 4, commits: 3, size: 2000 };

let planned: readonly string[] = [];
const passed: Record<string, number> = {};

function pass(point: CopyPoint): void {
  passed[point] = (passed[point] ?? 0) + 1;
  if (!planned.includes(point)) return;
  console.log(`${STOPPED_AT}${point}`);
  for (;;);
}

interface Statement {
  readonly sql: string;
  readonly params: readonly (string | number | null)[];
}

interface Result {
  readonly results: readonly Record<string, unknown>[];
  readonly meta: { readonly size_after: number };
}

/** D1 as the product uses it: a batch is one transaction. */
export class DatabaseObject extends DurableObject {
  async run(statements: readonly Statement[], kind: string | null): Promise<readonly Result[]> {
    const { sql } = this.ctx.storage;
    const results = this.ctx.storage.transactionSync(() =>
      statements.map(({ sql: text, params }, index): Result => {
        // Behind the guard and half of what changes.
        if (kind !== null && index === Math.max(1, statements.length - 1)) pass(`${kind}.inside` as CopyPoint);
        const results = sql.exec(text, ...params).toArray();
        if (kind !== null && statements.length === 1) pass(`${kind}.inside` as CopyPoint);
        return { results, meta: { size_after: sql.databaseSize } };
      }),
    );
    if (kind !== null) pass(`${kind}.committed` as CopyPoint);
    return results;
  }
}

export interface HarmEnv {
  readonly LEDGE_TABLES: DurableObjectNamespace;
  readonly DATABASE: DurableObjectNamespace<DatabaseObject>;
}

/** The bindings of the product, made of those of the process. */
export function bindings<Env extends HarmEnv>(env: Env): Env {
  const known = new Map<number, { readonly status: string; readonly isBeside: boolean }>();
  const stub = () => env.DATABASE.getByName("d1");
  const prepare = (sql: string, params: Statement["params"] = []): unknown => ({
    sql,
    params,
    bind: (...given: Statement["params"]) => prepare(sql, given),
    async all() {
      const [result] = (await stub().run([{ sql, params }], null)) as readonly Result[];
      const rows = result?.results ?? [];
      if (/FROM rm_copies WHERE object = \?/.test(sql))
        for (const { id, status } of rows)
          known.set(Number(id), {
            status: String(status),
            isBeside: status === "building" && rows.some((row) => row.status === "serving"),
          });
      return result;
    },
  });
  const batch = async (given: readonly Statement[]) => {
    const statements = given.map(({ sql, params }) => ({ sql, params }));
    const kind = kindOf(statements, (id) => known.get(id)?.isBeside === true);
    if (kind !== null) pass(`${kind}.pulled` as CopyPoint);
    const results = await stub().run(statements, kind);
    if (kind !== null) pass(`${kind}.told` as CopyPoint);
    return results;
  };
  const database = { prepare, batch };
  return {
    ...env,
    LEDGE_D1: { ...database, withSession: () => ({ ...database, getBookmark: () => null }) },
    LEDGE_TABLES: { getByName: (name: string) => withSmallPages(env.LEDGE_TABLES.getByName(name)) },
  };
}

/** Null for reads. */
function kindOf(statements: readonly Statement[], isBeside: (copy: number) => boolean): string | null {
  const [guard] = statements;
  if (guard?.sql.startsWith("INSERT INTO rm_copies") === true) return "begin";
  if (guard?.sql.startsWith("INSERT INTO rm_guards") !== true) return null;
  const [copy, , status] = guard.params;
  const has = (pattern: RegExp) => statements.some(({ sql }) => pattern.test(sql));
  if (status === "dropping") return "drop";
  if (!has(/SET seq = /)) return "confirm";
  if (status === "serving") return "follow";
  return `${has(/SET status = /) ? "switch" : "fill"}${isBeside(Number(copy)) ? "-beside" : ""}`;
}

function withSmallPages(stub: DurableObjectStub): DurableObjectStub {
  const methods = stub as unknown as Record<string, (...args: unknown[]) => unknown>;
  return new Proxy(stub, {
    get: (_, name) =>
      name === "pull"
        ? (text: string) => methods.pull?.(JSON.stringify({ ...JSON.parse(text), limits: LIMITS }))
        : (...args: unknown[]) => methods[String(name)]?.(...args),
  });
}

/** Null for a request that is not about harm. */
export async function answerHarm(request: Request, env: HarmEnv): Promise<Response | null> {
  const url = new URL(request.url);
  switch (url.pathname) {
    case "/harm/plan":
      planned = await request.json<readonly string[]>();
      return Response.json({});
    case "/harm/passed":
      return Response.json(passed);
    case "/harm/sql":
      await env.DATABASE.getByName("d1").run(await request.json<readonly Statement[]>(), null);
      return Response.json({});
    case "/harm/reset":
      // The object loses all it holds, as one that is restored loses what came later: its next ledger has another epoch.
      await (env.LEDGE_TABLES.getByName(url.searchParams.get("object") ?? "") as unknown as { reset(): Promise<void> })
        .reset()
        .catch(() => undefined);
      return Response.json({});
    default:
      return null;
  }
}
