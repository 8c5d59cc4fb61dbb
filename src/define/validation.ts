/**
 * Validation helpers for routes and hooks ([VA2]–[VA5]), over Zod 4. Nothing here runs when the module loads, so a bundle that
 * does not use them carries neither them nor Zod.
 */

import * as z from "zod";
import type { FieldError } from "../core/fault.ts";
import { ValidationError } from "./http-error.ts";

export type Safe<T> =
  | { readonly success: true; readonly data: T }
  | {
      readonly success: false;
      readonly error: { readonly message: string; readonly fieldErrors: Readonly<Record<string, readonly string[]>> };
    };

/** The parsed data; throws `ValidationError` with every error. */
export function validate<S extends z.ZodType>(schema: S, data: unknown): z.output<S> {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const details = result.error.issues.map(fieldError);
  throw new ValidationError("The input is not valid", { details, cause: result.error });
}

/** The parsed data, or the errors by field. */
export function safeValidate<S extends z.ZodType>(schema: S, data: unknown): Safe<z.output<S>> {
  const result = schema.safeParse(data);
  if (result.success) return { success: true, data: result.data };
  const fieldErrors = new Map<string, string[]>();
  for (const { field, message } of result.error.issues.map(fieldError)) {
    fieldErrors.set(field, [...(fieldErrors.get(field) ?? []), message]);
  }
  return { success: false, error: { message: "The input is not valid", fieldErrors: Object.fromEntries(fieldErrors) } };
}

export interface BoundValidator<T> {
  validate(data: unknown): T;
  safeValidate(data: unknown): Safe<T>;
}

export function createValidator<S extends z.ZodType>(schema: S): BoundValidator<z.output<S>> {
  return { validate: (data) => validate(schema, data), safeValidate: (data) => safeValidate(schema, data) };
}

/** Schemas that most applications need. Functions, so that unused ones cost nothing. */
export const commonSchemas = {
  email: () => z.email().max(254),
  /** At least 8 characters; at most 256, since hashing is paid for by length. */
  password: () => z.string().min(8).max(256),
  uuid: () => z.uuid(),
  url: () => z.url(),
  /** E.164, e.g. `+4930123456`. */
  phone: () => z.e164(),
  nonEmptyString: () => z.string().trim().min(1),
  positiveNumber: () => z.number().positive(),
  pagination: () =>
    z.object({ limit: z.coerce.number().int().min(1).max(1000).default(20), cursor: z.string().optional() }),
  /** Text of the filter language; its fields are checked where it is used. */
  filter: () => z.string().max(4096),
};

function fieldError({ path, message, code }: z.core.$ZodIssue): FieldError {
  return { field: path.map(String).join("."), message, code };
}
