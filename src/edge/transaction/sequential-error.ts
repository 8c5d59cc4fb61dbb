/** What a sequential run that stopped throws in code ([TX27]): the failure of its step, with every step. */

import { Fault } from "../../core/fault.ts";
import type { SequentialOutcome, SequentialStep } from "./sequential.ts";

export class SequentialError extends Fault {
  readonly steps: readonly SequentialStep[];
  readonly outcome: SequentialOutcome;

  constructor(outcome: SequentialOutcome) {
    const failed = outcome.steps.find(({ status }) => status === "failed")?.problem;
    super(failed ?? { slug: "internal-error" });
    this.name = "SequentialError";
    this.steps = outcome.steps;
    this.outcome = outcome;
    this.cause = outcome.error;
  }
}
