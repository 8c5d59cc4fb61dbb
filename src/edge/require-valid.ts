/** A route's own check of its input, written by hand ([VA7]): `{ valid, errors }` in, 400 `validation-error` out. */

import type { FieldError } from "../core/fault.ts";
import { ValidationError } from "../define/http-error.ts";

export interface Check {
  readonly valid: boolean;
  /** Texts about the whole, or errors that name their field. */
  readonly errors?: readonly (string | FieldError)[];
}

/** Throws unless the check passed: `requireValid({ valid: body.to > body.from, errors: ["to must be after from"] })`. */
export function requireValid({ valid, errors = [] }: Check): void {
  if (valid) return;
  const details = errors.map((error) => (typeof error === "string" ? { field: "", message: error } : error));
  throw new ValidationError(details[0]?.message ?? "The request is not valid", { details });
}
