/**
 * What the library throws → our faults, by its codes. What it does not throw on purpose stays what it is: a defect, or the database's
 * refusal of a second account with the same address, which two sign-ups at once run into.
 */

import { Fault, invalidField } from "../../../core/fault.ts";

/** The shape of the library's errors; its class comes in several copies. */
interface LibraryError {
  readonly body?: { readonly code?: unknown };
}

export function asFault(error: unknown): unknown {
  if (error instanceof Fault) return error;
  if (hasFailed(error, "UNIQUE constraint failed: auth_users.email")) return taken();
  const code = (error as LibraryError | null)?.body?.code;
  switch (code) {
    case "INVALID_EMAIL_OR_PASSWORD":
    // The same: whoever signed up a moment ago, and gets another answer than for an account that was there, would know that there was none.
    case "EMAIL_NOT_VERIFIED":
      return wrongPassword();
    case "USER_ALREADY_EXISTS":
    case "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL":
      return taken();
    case "INVALID_EMAIL":
      return invalidField("email", "is not an email address", "email");
    default:
      return error;
  }
}

export function wrongPassword(): Fault {
  return new Fault({
    slug: "unauthorized",
    reason: "invalid-credentials",
    detail: "The email address or the password is wrong, or the address was not confirmed by the link of the mail yet",
  });
}

function taken(): Fault {
  return new Fault({ slug: "conflict", reason: "unique", fields: ["email"], detail: "This address has an account" });
}

function hasFailed(error: unknown, constraint: string): boolean {
  return error instanceof Error && error.message.includes(constraint);
}
