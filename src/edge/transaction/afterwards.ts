/** What runs after a transaction has been answered, best effort: its failure only reaches the log ([TX41]). */

import { Fault } from "../../core/fault.ts";
import { errorFields } from "../../core/log.ts";
import { problemCode } from "../../core/protocol/problem.ts";
import type { Origin } from "./origin.ts";

export function afterwards({ exchange }: Origin, run: () => unknown): void {
  const failed = (error: unknown) => exchange.log.error("a function after the transaction failed", errorFields(error));
  exchange.lifetime.waitUntil(Promise.resolve().then(run).catch(failed));
}

/** The failure as `onError` hears of it. */
export function toldOf(error: unknown): { readonly code: string; readonly [member: string]: unknown } {
  if (error instanceof Fault) return { ...error.data, code: problemCode(error.data.slug) };
  return { code: "INTERNAL_ERROR" };
}
