/**
 * A driver of `EntityContext` in memory, for tests of handlers ([TX11]): the same tables, validation, filters and failures, without scopes
 * and hooks; unique indexes and foreign keys are not known here. `transaction` runs its callback on a copy that takes the place of the rows when
 * it succeeds. No storage, no objects.
 */

import { Fault, invalid } from "../../core/fault.ts";
import { uuidv7 } from "../../core/ids.ts";
import type { Json } from "../../core/json.ts";
import { rowComparator } from "../../core/query/compare-values.ts";
import { compileMatcher } from "../../core/query/matches.ts";
import { parseOrderBy } from "../../core/query/order.ts";
import { parseFilter } from "../../core/query/parse.ts";
import { type Filter, isFilter } from "../../core/query/tree.ts";
import { typeFilter } from "../../core/query/type-filter.ts";
import type { Row } from "../../core/schema/table-spec.ts";
import { idForCreate, validateDraft } from "../../core/schema/validate-draft.ts";
import { requiredColumns } from "../../define/required-columns.ts";
import type { AnyResource } from "../../define/resource.ts";
import { jsonForm } from "../validate-input.ts";
import type { EntityDriver } from "./entity-context.ts";
import type { LooseRow } from "./tx.ts";
import { equalities, type WhereInput } from "./where-input.ts";

const MAX_ROWS = 100;

/** Rows by table; `now` and `random` make ids. */
export function memoryDriver(
  resources: readonly AnyResource[],
  { now = Date.now, random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)) } = {},
): EntityDriver {
  let tables = new Map(resources.map((resource) => [resource.name, new Map<Json, Row>()]));

  const tableOf = (name: string) => {
    const resource = resources.find((each) => each.name === name);
    const rows = tables.get(name);
    if (resource === undefined || rows === undefined) throw new Fault({ slug: "not-found", resource: name });
    return { resource, rows };
  };
  const selected = (name: string, where: WhereInput | undefined, orderBy?: string): Row[] => {
    const { resource, rows } = tableOf(name);
    const { spec, operators } = resource;
    const test = compileMatcher(filterOf(resource, where), spec, operators);
    return [...rows.values()].filter(test).sort(rowComparator(parseOrderBy(orderBy, spec), spec));
  };

  const driver: EntityDriver = {
    async create(entity, data) {
      const { resource, rows } = tableOf(entity);
      const { spec } = resource;
      const given = jsonForm(data as Record<string, unknown>);
      const made = idForCreate(spec, given[spec.primaryKey], () => uuidv7(now(), random(10)));
      const { draft, errors } = validateDraft(spec, given, "create", requiredColumns(resource));
      const found = "error" in made ? [...errors, made.error] : errors;
      if (found.length > 0 || "error" in made) throw invalid(found);
      const id = made.id ?? Math.max(0, ...[...rows.keys()].map(Number)) + 1;
      if (rows.has(id)) throw new Fault({ slug: "conflict", reason: "exists", id });
      const row: Record<string, Json> = {};
      for (const column of spec.columns) row[column.name] = draft[column.name] ?? defaultOf(resource, column.name);
      row[spec.primaryKey] = id;
      rows.set(id, row);
      return { ...row };
    },
    findOne: async (entity, where) => selected(entity, where)[0] ?? null,
    findMany: async (entity, where, { orderBy, limit = MAX_ROWS } = {}) =>
      selected(entity, where, orderBy === undefined ? undefined : [orderBy].flat().join(",")).slice(
        0,
        Math.min(limit, MAX_ROWS),
      ),
    async update(entity, where, data) {
      const { resource, rows } = tableOf(entity);
      const { spec } = resource;
      const { draft, errors } = validateDraft(spec, jsonForm(data as Record<string, unknown>), "update", new Set());
      if (errors.length > 0) throw invalid(errors);
      const ids = selected(entity, where).map((row) => row[spec.primaryKey] as string | number);
      for (const id of ids) rows.set(id, { ...rows.get(id), ...draft });
      return { count: ids.length, ids };
    },
    async delete(entity, where) {
      const { resource, rows } = tableOf(entity);
      const ids = selected(entity, where).map((row) => row[resource.spec.primaryKey] as string | number);
      for (const id of ids) rows.delete(id);
      return { count: ids.length, ids };
    },
    async transaction(callback) {
      const before = new Map([...tables].map(([name, rows]) => [name, new Map(rows)]));
      const tx = { ...driver, now: now(), newId: () => uuidv7(now(), random(10)), effect: () => undefined };
      try {
        // The part of `Tx` that goes by name of the table; a test that needs the rest runs on objects.
        return await callback(tx as unknown as Parameters<typeof callback>[0]);
      } catch (error) {
        tables = before;
        throw error;
      }
    },
  };
  return driver;
}

function filterOf({ spec, operators }: AnyResource, where: WhereInput | undefined): Filter {
  const grammar = { table: spec, fields: "scope", operators, parameter: "where" } as const;
  if (where === undefined) return { kind: "all" };
  if (typeof where === "string") return parseFilter(where, grammar);
  if (isFilter(where)) return typeFilter(where, grammar);
  const terms = Object.entries(equalities(where as Readonly<Record<string, unknown>>)).map(
    ([field, operand]): Filter => ({ kind: "compare", field, operator: "==", operand: operand as string }),
  );
  if (terms.length === 0) throw invalid([{ field: "where", message: "is empty", code: "required" }]);
  return typeFilter(terms.length === 1 ? (terms[0] as Filter) : { kind: "and", terms }, grammar);
}

/** Expressions of SQL have no value here. */
function defaultOf({ defaults }: AnyResource, column: string): LooseRow {
  const source = defaults.get(column);
  if (source === undefined || source.kind === "expression") return null;
  return source.kind === "value" ? source.value : source.make();
}
