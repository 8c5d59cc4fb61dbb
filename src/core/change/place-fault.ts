/** Which item of a batch a fault is about: `index`, and fields as paths into the body, `items[3].title` ([HT45]). Pure. */

import type { FaultData, FieldError } from "../fault.ts";
import type { RowId } from "../ids.ts";

export function placeFault(fault: FaultData, index: number, id: RowId | null): FaultData {
  switch (fault.slug) {
    case "validation-error":
      return { ...fault, errors: placeErrors(fault.errors, `items[${index}]`), index };
    case "precondition-failed":
      return { ...fault, index, ...(id === null ? {} : { id }) };
    case "precondition-required":
      return { ...fault, index, detail: "Send ifVersion with each item" };
    default:
      return { ...fault, index };
  }
}

/** `title` → `items[3].title`; the item itself is `items[3]`. */
export function placeErrors(errors: readonly FieldError[], place: string): FieldError[] {
  return errors.map((error) => ({ ...error, field: error.field === "" ? place : `${place}.${error.field}` }));
}
