/** Runs a write whose before-hooks looked at rows: again from the start while rows moved meanwhile, at most 3 times ([HT31]). */

import { Fault } from "../../core/fault.ts";
import { MAX_HOOK_RUNS } from "../limits.ts";

export async function untilSettled<T>(attempt: () => Promise<T>): Promise<T> {
  for (let run = 1; ; run++) {
    try {
      return await attempt();
    } catch (error) {
      const isContended = error instanceof Fault && error.data.slug === "conflict" && error.data.reason === "contended";
      if (!isContended || run === MAX_HOOK_RUNS) throw error;
    }
  }
}
