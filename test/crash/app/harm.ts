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
}

export interface HarmDone {
  readonly passed: Readonly<Partial<Record<FailPointName, number>>>;
  readonly aborted: Readonly<Partial<Record<FailPointName, number>>>;
}

/** Begins the line that a stopped process writes; the point's name follows. */
export const STOPPED_AT = "[harm] stopped at ";

let plan: Plan | null = null;
const passed: Partial<Record<FailPointName, number>> = {};
const aborted: Partial<Record<FailPointName, number>> = {};

export function harmfulPoint(ctx: DurableObjectState): FailPoint {
  return (name) => {
    passed[name] = (passed[name] ?? 0) + 1;
    if (plan?.point !== name) return;
    if (plan.skip > 0) {
      plan = { ...plan, skip: plan.skip - 1 };
      return;
    }
    const { act } = plan;
    plan = null;
    if (act === "stop") {
      console.log(`${STOPPED_AT}${name}`);
      for (;;);
    }
    aborted[name] = (aborted[name] ?? 0) + 1;
    ctx.abort(`aborted at ${name}`);
  };
}

/** Null for a request that is not about harm. */
export async function answerHarm(
  request: Request,
  env: { readonly LEDGE_TABLES: DurableObjectNamespace },
): Promise<Response | null> {
  const url = new URL(request.url);
  switch (url.pathname) {
    case "/harm/plan":
      plan = await request.json<Plan | null>();
      return Response.json({});
    case "/harm/done":
      return Response.json({ passed, aborted } satisfies HarmDone);
    case "/harm/evict":
      return Response.json({ isEvicted: await evict(env.LEDGE_TABLES.getByName(url.searchParams.get("object") ?? "")) });
    default:
      return null;
  }
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
