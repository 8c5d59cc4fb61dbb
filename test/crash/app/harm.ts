/**
 * What the campaign does to objects from inside the process, at the product's fail points, and the paths (`/harm/…`, none of the
 * product's) by which the test says what and when. State of the module, so it is shared by all objects and lost with the process.
 */

import type { FailPoint, FailPointName } from "../../../durable-objects/table/fail-points.ts";

/** `abort`: the object ends. `stop`: the whole process stands still and says so, until the test kills it. */
export interface Plan {
  readonly point: FailPointName;
  readonly act: "abort" | "stop";
  /** Passes of the point that are let go by first. */
  readonly skip: number;
  /** Aborts, one after the other: the second meets the repetition of what the first one cut off. */
  readonly times: number;
}

export interface HarmDone {
  readonly passed: Readonly<Partial<Record<FailPointName, number>>>;
  readonly aborted: Readonly<Partial<Record<FailPointName, number>>>;
}

/** Begins the line that a stopped process writes; the point's name follows. */
export const STOPPED_AT = "[harm] stopped at ";

let plans: readonly Plan[] = [];
const passed: Partial<Record<FailPointName, number>> = {};
const aborted: Partial<Record<FailPointName, number>> = {};

export function harmfulPoint(ctx: DurableObjectState): FailPoint {
  return (name) => {
    passed[name] = (passed[name] ?? 0) + 1;
    const plan = plans.find(({ point }) => point === name);
    if (plan === undefined) return;
    const { skip, times, act } = plan;
    const next = skip > 0 ? { ...plan, skip: skip - 1 } : { ...plan, times: times - 1 };
    plans = [...plans.filter((each) => each !== plan), ...(next.times > 0 ? [next] : [])];
    if (skip > 0) return;
    if (act === "stop") {
      console.log(`${STOPPED_AT}${name}`);
      for (;;);
    }
    aborted[name] = (aborted[name] ?? 0) + 1;
    ctx.abort(`aborted at ${name}`);
  };
}

/** Many requests at once, as many Workers would bring them: what became of them, and after how many milliseconds. */
export interface FloodReport {
  readonly admittedMs: readonly number[];
  readonly refusedMs: readonly number[];
  /** Statuses other than success and a 503 `overloaded` with Retry-After, in words. */
  readonly others: readonly string[];
}

export interface Flood {
  readonly count: number;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

interface Served<Env> {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Response | Promise<Response>;
}

/** Null for a request that is not about harm. */
export async function answerHarm<Env extends { readonly LEDGE_TABLES: DurableObjectNamespace }>(
  request: Request,
  env: Env,
  ctx: ExecutionContext,
  app: Served<Env>,
): Promise<Response | null> {
  const url = new URL(request.url);
  switch (url.pathname) {
    case "/harm/plans":
      plans = await request.json<readonly Plan[]>();
      return Response.json({});
    case "/harm/done":
      return Response.json({ passed, aborted } satisfies HarmDone);
    case "/harm/evict":
      return Response.json({
        isEvicted: await evict(env.LEDGE_TABLES.getByName(url.searchParams.get("object") ?? "")),
      });
    case "/harm/flood": {
      const { count, method, path, body } = await request.json<Flood>();
      const headers = { authorization: "Bearer dev:flood", "content-type": "application/json" };
      const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
      return Response.json(await flood(count, () => app.fetch(new Request(new URL(path, url), init), env, ctx)));
    }
    default:
      return null;
  }
}

async function flood(count: number, send: () => Response | Promise<Response>): Promise<FloodReport> {
  const report = { admittedMs: [] as number[], refusedMs: [] as number[], others: [] as string[] };
  const startedAt = Date.now();
  const one = async () => {
    const reply = await send();
    const text = await reply.text();
    const tookMs = Date.now() - startedAt;
    const isRefused = reply.status === 503 && text.includes("overloaded") && reply.headers.has("retry-after");
    if (reply.ok) report.admittedMs.push(tookMs);
    else if (isRefused) report.refusedMs.push(tookMs);
    else report.others.push(`${reply.status} ${text.slice(0, 300)}`);
  };
  await Promise.all(Array.from({ length: count }, one));
  return report;
}

/** Out of memory as the platform does it: in peace, when nothing is under way. False when the object does not come to rest, or sleeps already. */
async function evict(stub: DurableObjectStub): Promise<boolean> {
  const { default: runtime } = (await import("workerd:unsafe" as string)) as {
    default: { evict(stub: DurableObjectStub, options: object): Promise<void> };
  };
  try {
    await runtime.evict(stub, {});
    return true;
  } catch {
    return false;
  }
}
