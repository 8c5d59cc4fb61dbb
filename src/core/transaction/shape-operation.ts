/**
 * An operation becomes work on its table: references filled, the id and the version read, what a writer may set taken from the data,
 * a filter made canonical. Done in the Worker where hooks or schemas need it, else in the object in the turn that runs it, with the
 * results of that turn; the same function, so both judge alike. Validation follows (`finishWork`). Pure.
 */

import { Fault, type FieldError, idForm } from "../fault.ts";
import { isCreatableId, parseRowId, type RowId } from "../ids.ts";
import type { Json, JsonObject } from "../json.ts";
import { IF_VERSION_FORM, parseIfVersion } from "../protocol/if-version.ts";
import type { Preconditions, WriteIntent } from "../protocol/object-call.ts";
import type { OpenOperation, StepWork } from "../protocol/transaction-call.ts";
import type { CustomOperators } from "../query/custom-operators.ts";
import { printFilter } from "../query/print.ts";
import { conjoin, type Filter, isScalar } from "../query/tree.ts";
import { typeFilter } from "../query/type-filter.ts";
import type { Draft, TableSpec } from "../schema/table-spec.ts";
import { type DraftKind, idForCreate, takeWritable } from "../schema/validate-draft.ts";
import { brokenReference, invalidMember, type OperationPlace, placeOperationFault } from "./place-operation-fault.ts";
import { fill, type Lookup, TemplateError } from "./template.ts";

/** What of the table counts. */
export interface OperationTable {
  readonly spec: TableSpec;
  readonly operators: CustomOperators;
  readonly allowedOperators?: readonly string[] | undefined;
  readonly partition: string | null;
}

/** Work whose data is not validated yet. */
export type Shaped =
  | { readonly kind: "ready"; readonly work: StepWork }
  | {
      readonly kind: "write";
      readonly op: "create" | "update" | "replace" | "upsert";
      readonly id: RowId | null;
      readonly draft: Draft;
      /** Input that may not be written. */
      readonly refused: readonly FieldError[];
      readonly conditions: Preconditions;
      readonly mayCreate: boolean;
    }
  | {
      readonly kind: "filter";
      readonly filter: string;
      readonly draft: Draft;
      readonly refused: readonly FieldError[];
    };

export interface Validated {
  readonly draft: Draft;
  readonly errors: readonly FieldError[];
}

export function shapeOperation(
  open: OpenOperation,
  table: OperationTable,
  place: OperationPlace,
  lookup: Lookup,
): Shaped {
  const { spec, partition } = table;
  const { op } = open;
  const writes = open.writes === undefined ? {} : { writes: open.writes };
  const filled = (member: string, value: Json) => fillMember(place, member, value, lookup);
  const id = open.id === undefined ? null : readId(spec, filled("id", open.id), place);
  const data = open.data === undefined ? {} : (filled("data", open.data) as JsonObject);
  const conditions = conditionsOf(
    open.ifVersion === undefined ? undefined : filled("ifVersion", open.ifVersion),
    place,
  );
  const where = (): string =>
    typeof open.where === "string"
      ? open.where
      : equalities(filled("where", open.where ?? {}) as JsonObject, open, table, place);
  switch (op) {
    case "create": {
      const taken = takeWritable(spec, data, { kind: "create", id: null, partition, ...writes });
      const made = idForCreate(spec, taken.id, () => open.newId);
      const refused = "error" in made ? [...taken.errors, made.error] : taken.errors;
      return {
        kind: "write",
        op,
        id: "error" in made ? null : made.id,
        draft: taken.draft,
        refused,
        conditions,
        mayCreate: true,
      };
    }
    case "upsert": {
      const key = data[spec.primaryKey];
      const named = id ?? (key === undefined ? null : readId(spec, key, place));
      if (named === null) throw invalidMember(place, "id", "is required", "required");
      const taken = takeWritable(spec, data, { kind: "update", id: named, partition, ...writes });
      const mayCreate = open.mayCreate && isCreatableId(named, spec.idKind);
      return { kind: "write", op, id: named, draft: taken.draft, refused: taken.errors, conditions, mayCreate };
    }
    case "update":
    case "replace": {
      const taken = takeWritable(spec, data, { kind: op, id, partition, ...writes });
      if (id === null) return { kind: "filter", filter: where(), draft: taken.draft, refused: taken.errors };
      const mayCreate = op === "replace" && open.mayCreate && isCreatableId(id, spec.idKind);
      return { kind: "write", op, id, draft: taken.draft, refused: taken.errors, conditions, mayCreate };
    }
    case "delete":
      if (id === null) return ready({ kind: "filter", op, filter: where(), patch: {}, invalid: [], hooked: null });
      return ready({ kind: "write", write: { intent: { op, id, hard: false }, invalid: [] }, conditions });
    case "restore":
      return ready({ kind: "write", write: { intent: { op, id: present(id) }, invalid: [] }, conditions });
    case "read":
      if (id !== null) return ready({ kind: "read", id, select: open.select });
      return ready({ ...listing(open, where()), isSingle: true, limit: 1 });
    case "count":
      return ready({ kind: "count", filter: where() });
    case "list":
      return ready({ ...listing(open, where()), isSingle: false });
  }
}

/** The validations that the work needs. */
export function draftKinds(shaped: Shaped): readonly DraftKind[] {
  switch (shaped.kind) {
    case "ready":
      return [];
    case "filter":
      return ["update"];
    case "write":
      if (shaped.op !== "upsert") return [shaped.op];
      return shaped.mayCreate ? ["update", "create"] : ["update"];
  }
}

export function finishWork(shaped: Shaped, validated: (kind: DraftKind) => Validated): StepWork {
  if (shaped.kind === "ready") return shaped.work;
  const { refused } = shaped;
  if (shaped.kind === "filter") {
    const { draft, errors } = validated("update");
    const invalid = [...refused, ...errors];
    return { kind: "filter", op: "update", filter: shaped.filter, patch: draft, invalid, hooked: null };
  }
  const { op, id, conditions, mayCreate } = shaped;
  const write = (kind: DraftKind) => {
    const { draft, errors } = validated(kind);
    return { intent: intentOf(kind, id, draft, mayCreate), invalid: [...refused, ...errors] };
  };
  if (op !== "upsert") return { kind: "write", write: write(op), conditions };
  const absent = mayCreate ? write("create") : null;
  return { kind: "upsert", id: present(id), present: write("update"), absent, conditions };
}

function intentOf(kind: DraftKind, id: RowId | null, input: Draft, mayCreate: boolean): WriteIntent {
  switch (kind) {
    case "create":
      return { op: "create", id, input };
    case "update":
      return { op: "update", id: present(id), input };
    case "replace":
      return { op: "replace", id: present(id), input, mayCreate };
  }
}

function listing({ orderBy, limit, select }: OpenOperation, filter: string) {
  return { kind: "list", filter, orderBy, limit, select } as const;
}

function ready(work: StepWork): Shaped {
  return { kind: "ready", work };
}

function present(id: RowId | null): RowId {
  if (id === null) throw new Error("an operation on one row names it");
  return id;
}

function fillMember(place: OperationPlace, member: string, value: Json, lookup: Lookup): Json {
  try {
    return fill(value, lookup);
  } catch (error) {
    if (error instanceof TemplateError) throw brokenReference(place, member, error.message);
    throw error;
  }
}

function readId(spec: TableSpec, value: Json, place: OperationPlace): RowId {
  const isOfKind = typeof value === "string" || (typeof value === "number" && spec.idKind === "int");
  const id = isOfKind ? parseRowId(String(value), spec.idKind) : null;
  if (id === null)
    throw invalidMember(place, "id", spec.idKind === "int" ? "must be a whole number" : idForm(spec.idKind), "id");
  return id;
}

function conditionsOf(ifVersion: Json | undefined, place: OperationPlace): Preconditions {
  if (ifVersion === undefined) return {};
  const ifMatch = parseIfVersion(ifVersion);
  if (ifMatch === null) throw invalidMember(place, "ifVersion", IF_VERSION_FORM, "malformed");
  return { ifMatch };
}

/** `{ a: 1, b: "x" }` is `a==1;b=="x"`; every value is a literal, whatever it holds. */
function equalities(members: JsonObject, open: OpenOperation, table: OperationTable, place: OperationPlace): string {
  const terms = Object.entries(members).map(([field, operand]): Filter => {
    if (!isScalar(operand)) throw invalidMember(place, `where.${field}`, "must be a scalar", "type");
    return { kind: "compare", field, operator: "==", operand };
  });
  try {
    const { spec, operators, allowedOperators } = table;
    const grammar = {
      table: spec,
      operators,
      allowedOperators,
      fields: open.fields,
      parameter: `operations[${place.index}].where`,
    };
    return printFilter(typeFilter(conjoin(terms), grammar));
  } catch (error) {
    if (error instanceof Fault) throw new Fault(placeOperationFault(error.data, place));
    throw error;
  }
}
