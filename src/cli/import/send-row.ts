/**
 * Creates one row through the public API, and says what became of it. Waits and repeats where the server asks for it; what
 * a repetition finds done already counts as there.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { Json } from "../../core/json.ts";
import { CliError } from "../project.ts";

export type Sent =
  | { readonly kind: "created" }
  | { readonly kind: "already-there" }
  /** The row's own fault. */
  | { readonly kind: "refused"; readonly reasons: readonly string[] };

interface Problem {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly reason?: string;
  readonly fields?: readonly string[];
  readonly field?: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

const TRIES = 8;
/** Refusals of this row alone; any other one would meet every row. */
const ROW_STATUSES = new Set([400, 409, 413, 422]);

export async function sendRow(
  address: URL,
  headers: Readonly<Record<string, string>>,
  row: Readonly<Record<string, Json>>,
): Promise<Sent> {
  const request = {
    method: "POST",
    headers: { ...headers, "content-type": "application/json", prefer: "return=minimal" },
    body: JSON.stringify(row),
  };
  for (let tries = 1; ; tries++) {
    const reply = await fetch(address, request).catch(() => null);
    if (reply?.ok === true) {
      await reply.arrayBuffer();
      return { kind: reply.headers.has("idempotency-replayed") ? "already-there" : "created" };
    }
    const isWorthRepeating = reply === null || reply.status === 429 || reply.status === 503 || reply.status === 504;
    if (isWorthRepeating && tries < TRIES) {
      await sleep(waitMs(reply, tries));
      continue;
    }
    if (reply === null) throw new CliError(`Lost ${address.origin}: the same command goes on where this one stopped`);
    const problem = (await reply.json().catch(() => ({}))) as Problem;
    if (problem.code === "CONFLICT" && problem.reason === "exists") return { kind: "already-there" };
    if (ROW_STATUSES.has(reply.status)) return { kind: "refused", reasons: reasonsOf(problem) };
    throw new CliError(
      `${address} answered ${reply.status}: ${problem.detail ?? problem.title ?? "no reason given"}${hint(reply.status)}`,
    );
  }
}

function waitMs(reply: Response | null, tries: number): number {
  const seconds = Number(reply?.headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : Math.min(100 * 2 ** tries, 5000);
}

function reasonsOf(problem: Problem): string[] {
  if (problem.errors !== undefined && problem.errors.length > 0) {
    return problem.errors.map(({ field, message }) => (field === "" ? message : `${field} ${message}`));
  }
  const fields = problem.fields ?? (problem.field === undefined ? [] : [problem.field]);
  const named = [problem.reason, fields.join(", ")].filter((part) => part !== undefined && part !== "").join(": ");
  return [named !== "" ? named : (problem.detail ?? problem.title ?? "no reason given")];
}

function hint(status: number): string {
  return status === 401 || status === 403
    ? '. Say who imports: --token "…" (in development: --token dev:alice,role=admin)'
    : "";
}
