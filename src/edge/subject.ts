/** What may name a caller: the `sub` of a token. It ends in ledger rows, logs and idempotency keys, so its form is checked. */

import { MAX_SUBJECT_LENGTH } from "./limits.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

export function isSubject(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value !== "" &&
    value.length <= MAX_SUBJECT_LENGTH &&
    value.isWellFormed() &&
    !CONTROL.test(value)
  );
}
