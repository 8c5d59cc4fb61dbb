/**
 * Validation of a write in the Worker ([HT22]): the table's own rules, and the resource's schema (any Standard Schema)
 * where it has one. All errors at once. The object trusts the outcome and answers it at its place in the order of steps.
 */

import { type FieldError, MAX_ERRORS } from "../core/fault.ts";
import type { Json } from "../core/json.ts";
import { encodeBase64 } from "../core/schema/base64.ts";
import type { Draft } from "../core/schema/table-spec.ts";
import { type DraftKind, validateDraft } from "../core/schema/validate-draft.ts";
import type { StandardIssue, StandardSchema } from "../define/config.ts";
import { requiredColumns } from "../define/required-columns.ts";
import type { AnyResource } from "../define/resource.ts";

export interface Validated {
  readonly draft: Draft;
  readonly errors: readonly FieldError[];
}

export type Validator = (draft: Draft, kind: DraftKind) => Validated | Promise<Validated>;

export function createValidator(resource: AnyResource): Validator {
  const { spec, config } = resource;
  const required = requiredColumns(resource);
  const schemas = schemasOf(config.schema as SchemaOption | undefined);
  return (draft, kind) => {
    const schema = kind === "update" ? schemas.update : schemas.create;
    if (schema === undefined) return validateDraft(spec, draft, kind, required);
    return withSchema(schema, draft, (shaped) => validateDraft(spec, shaped, kind, required));
  };
}

type SchemaOption = StandardSchema | { readonly create?: StandardSchema; readonly update?: StandardSchema };

/** A schema, and whether it was written for whole rows: then what it says of columns that a patch leaves out is ignored. */
interface Applied {
  readonly schema: StandardSchema;
  readonly isForWholeRows: boolean;
}

function schemasOf(option: SchemaOption | undefined): { readonly create?: Applied; readonly update?: Applied } {
  if (option === undefined) return {};
  if (!("~standard" in option)) {
    return {
      ...(option.create === undefined ? {} : { create: { schema: option.create, isForWholeRows: false } }),
      ...(option.update === undefined ? {} : { update: { schema: option.update, isForWholeRows: false } }),
    };
  }
  const partial = partialOf(option);
  return {
    create: { schema: option, isForWholeRows: false },
    update: { schema: partial ?? option, isForWholeRows: partial === null },
  };
}

/** Zod's `.partial()`, where the schema has it; Zod refuses it on objects with refinements. */
function partialOf(schema: StandardSchema): StandardSchema | null {
  const { partial } = schema as { readonly partial?: unknown };
  if (typeof partial !== "function") return null;
  try {
    return partial.call(schema) as StandardSchema;
  } catch {
    return null;
  }
}

async function withSchema(
  { schema, isForWholeRows }: Applied,
  draft: Draft,
  check: (draft: Draft) => Validated,
): Promise<Validated> {
  const result = await schema["~standard"].validate({ ...draft });
  if (result.issues === undefined) return check(shapedBy(result.value, draft, isForWholeRows));
  const own = check(draft);
  const named = new Set(own.errors.map(({ field }) => field));
  const further = result.issues.map(fieldError).filter(({ field }) => {
    const [column = ""] = field.split(".", 1);
    return !named.has(column) && !(isForWholeRows && column !== "" && !Object.hasOwn(draft, column));
  });
  return { draft: own.draft, errors: [...own.errors, ...further].slice(0, MAX_ERRORS) };
}

/** What the schema made of the draft (trimmed texts, defaults); columns it does not know stay as they were. */
function shapedBy(value: unknown, draft: Draft, isForWholeRows: boolean): Draft {
  if (typeof value !== "object" || value === null) return draft;
  const made = Object.entries(jsonForm(value as Record<string, unknown>));
  return { ...draft, ...Object.fromEntries(made.filter(([name]) => !isForWholeRows || Object.hasOwn(draft, name))) };
}

function fieldError({ message, path = [] }: StandardIssue): FieldError {
  const segments = path.map((segment) => String(typeof segment === "object" ? segment.key : segment));
  return { field: segments.join("."), message, code: "schema" };
}

/** Columns as code may write them (Date, bigint, bytes, undefined) in their JSON form. */
export function jsonForm(columns: Readonly<Record<string, unknown>>): Record<string, Json> {
  const draft: Record<string, Json> = {};
  for (const [name, value] of Object.entries(columns)) {
    if (value === undefined || name === "__proto__") continue;
    if (value instanceof Date) draft[name] = Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
    else if (typeof value === "bigint") draft[name] = value.toString();
    else if (value instanceof Uint8Array) draft[name] = encodeBase64(value);
    else draft[name] = typeof value === "object" ? (JSON.parse(JSON.stringify(value)) as Json) : (value as Json);
  }
  return draft;
}
