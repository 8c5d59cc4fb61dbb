/** Which of the faults that several objects found is answered: that of the operation which comes first in the list. Pure. */

import type { DriverAnswer } from "./driver-state.ts";
import type { ReviewReply, Vote } from "./transaction-message.ts";

/** Null: none of them is a fault. */
export function firstFault(
  found: readonly (Vote | ReviewReply | DriverAnswer)[],
): Extract<DriverAnswer, { kind: "fault" }> | null {
  const faults = found.flatMap((each) => (each.kind === "fault" ? [each.fault] : []));
  faults.sort((a, b) => (a.index ?? 0) - (b.index ?? 0));
  const [first] = faults;
  return first === undefined ? null : { kind: "fault", fault: first };
}
