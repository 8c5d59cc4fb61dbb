/**
 * A transaction whose tables lie in several objects. The one place where the protocol over objects plugs in: it gets the plan, whose
 * steps are all made ready, and answers as one object would. Until it is hosted, such a transaction is refused before anything is
 * written; it is never run as several commits.
 */

import { Fault } from "../../core/fault.ts";
import type { ObjectAnswer } from "../endpoints/answer.ts";
import type { Plan } from "./submit.ts";

export async function submitAcross({ steps }: Plan): Promise<ObjectAnswer> {
  const objects = new Set(steps.map(({ target }) => target.request.object));
  throw new Fault({
    slug: "transaction-limit-exceeded",
    limit: "objects",
    max: 1,
    actual: objects.size,
    detail: `The tables lie in ${objects.size} objects, and a transaction is committed in one: put them into one group (and partition), or use atomic: false`,
  });
}
