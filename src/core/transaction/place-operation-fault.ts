/** Which operation of a transaction a fault is about: `index`, `as`, and fields as paths, `operations[2].data.title` ([HT59] [TX37]). Pure. */

import { placeErrors } from "../change/place-fault.ts";
import { Fault, type FaultData, type FieldError } from "../fault.ts";

export interface OperationPlace {
  readonly index: number;
  readonly as: string;
}

const CONFIRM_ALONE =
  "So many rows have to be confirmed: send it as a batch of its own, with the token of ?dryRun=true";

/** `member` is what the fields are members of; a fault that has its place keeps it. */
export function placeOperationFault(fault: FaultData, { index, as }: OperationPlace, member?: string): FaultData {
  if (fault.index !== undefined) return fault;
  switch (fault.slug) {
    case "validation-error":
      return { ...fault, errors: placeErrors(fault.errors, memberPath(index, member)), index, as };
    case "precondition-required":
      return {
        ...fault,
        index,
        as,
        detail: fault.header === "Ledge-Confirm" ? CONFIRM_ALONE : "Send ifVersion with the operation",
      };
    default:
      return { ...fault, index, as };
  }
}

/** An error of a member of the operation, in its place. */
export function invalidMember(place: OperationPlace, member: string, message: string, code: string): Fault {
  return invalidMembers(place, [{ field: member, message, code }]);
}

export function invalidMembers(place: OperationPlace, errors: readonly FieldError[]): Fault {
  return new Fault({ slug: "validation-error", errors: placeErrors(errors, memberPath(place.index)), ...place });
}

/** A reference that leads nowhere when it is its turn ([HT56]). */
export function brokenReference(place: OperationPlace, member: string, message: string): Fault {
  const errors = [{ field: `${memberPath(place.index)}.${member}`, message, code: "reference" }];
  return new Fault({ slug: "validation-error", reason: "reference", errors, index: place.index, as: place.as });
}

function memberPath(index: number, member?: string): string {
  return member === undefined ? `operations[${index}]` : `operations[${index}].${member}`;
}
