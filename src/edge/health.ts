/**
 * `/healthz`: the Worker runs. `/readyz`: it can serve, or which check says that it cannot ([HT3] [OB1]). Reasons go to the
 * log; strangers see names of checks only, unless the environment is development.
 */

import { objectName } from "../core/ids.ts";
import { errorFields } from "../core/log.ts";
import type { HealthCheck } from "./app-options.ts";
import { isDevelopment, type LedgeEnv } from "./env.ts";
import type { Arrival } from "./exchange.ts";
import { jsonReply, type Reply } from "./reply.ts";
import { secretProblem } from "./secret.ts";

const CHECK_TIMEOUT_MS = 5000;
const NO_STORE = { "cache-control": "no-store" };

type CheckResult = { readonly status: "ok" } | { readonly status: "failed"; readonly reason: string };

export function health(): Reply {
  const reply = jsonReply({ status: "ok" });
  return { ...reply, headers: { ...reply.headers, ...NO_STORE } };
}

export async function readiness(arrival: Arrival): Promise<Reply> {
  const { edge, env, log } = arrival;
  const checks: Readonly<Record<string, () => unknown>> = {
    secret: () => refuse(secretProblem(env, edge.secretNames)),
    tables: () => checkObjects(env, edge.definition.name),
    ...Object.fromEntries(
      [
        ...(edge.options.features ?? []).flatMap(({ name, health }) => (health === undefined ? [] : [[name, health]])),
        ...Object.entries(edge.options.health ?? {}),
      ].map(([name, check]) => [name, () => (check as HealthCheck)(env)]),
    ),
  };
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await run(check)] as const),
  );
  const failed = results.filter(([, result]) => result.status === "failed");
  for (const [name, result] of failed) log.error("not ready", { check: name, ...result });
  const shown = results.map(([name, result]) => [name, isDevelopment(env) ? result : { status: result.status }]);
  const reply = jsonReply(
    { status: failed.length === 0 ? "ready" : "unready", checks: Object.fromEntries(shown) },
    failed.length === 0 ? 200 : 503,
  );
  return { ...reply, headers: { ...reply.headers, ...NO_STORE } };
}

/** The register of objects answers, and none of them is kept read-only by a failed migration. */
async function checkObjects(env: LedgeEnv, app: string): Promise<void> {
  const { failing } = await env.LEDGE_TABLES.getByName(objectName(app, "_registry", null)).ping();
  if (failing.length > 0) throw new Error(`a migration failed, so these are read-only: ${failing.join(", ")}`);
}

async function run(check: () => unknown): Promise<CheckResult> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
  });
  try {
    await Promise.race([Promise.resolve().then(check), late]);
    return { status: "ok" };
  } catch (error) {
    return { status: "failed", reason: error instanceof Error ? error.message : String(errorFields(error).error) };
  } finally {
    clearTimeout(timer);
  }
}

function refuse(problem: string | null): void {
  if (problem !== null) throw new Error(problem);
}
