/**
 * `transaction({…})` ([TX3] [TX4] [TX8]): a list of operations with functions, as a value that can be called with any context. Functions are
 * pure and synchronous and may run several times; what they return is data. This file makes items of the list; running them is `run-declared.ts`.
 */

import { Fault } from "../../core/fault.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { isFilter } from "../../core/query/tree.ts";
import type { Operation } from "../../core/transaction/operation.ts";
import { parseOperation, parseOperations } from "../../core/transaction/parse-operations.ts";
import type { OperationPlace } from "../../core/transaction/place-operation-fault.ts";
import { literally } from "../../core/transaction/template.ts";
import { jsonForm } from "../validate-input.ts";
import type { OperationSpec, ResultsOf, TransactionSpec, TransactionTypes } from "./declared-types.ts";
import { type RunOptions, runDeclared } from "./run-declared.ts";
import type { ServerContext } from "./server-context.ts";
import { equalities, literalData, whereMembers } from "./where-input.ts";

/** A spec that has been looked over: its operations in order, with the names of their results. */
export interface Declared {
  readonly spec: TransactionSpec;
  readonly operations: readonly OperationSpec[];
  /** The operations with stand-ins for what functions will give. */
  readonly skeleton: readonly Operation[];
  readonly names: readonly string[];
}

/** Runs it, and gives the results by name. */
export type Transaction<T extends TransactionTypes = TransactionTypes> = (
  context: ServerContext,
  options?: RunOptions,
) => Promise<ResultsOf<T>>;

export function transaction<T extends TransactionTypes = TransactionTypes>(spec: TransactionSpec<T>): Transaction<T> {
  const declared = declare(spec as unknown as TransactionSpec);
  return async (context, options = {}) => {
    const { results } = await runDeclared(declared, context, options);
    return results as ResultsOf<T>;
  };
}

/** Looks a spec over; a mistake in it is a TypeError where it is declared. */
export function declare(spec: TransactionSpec): Declared {
  const operations = [spec.operations].flat() as readonly OperationSpec[];
  if (spec.effects !== undefined && spec.atomic === false)
    throw new TypeError("effects are committed with the rows, so they need atomic: true");
  try {
    const skeleton = parseOperations(operations.map(standIn));
    if (skeleton.length === 0) throw new TypeError("a transaction has at least one operation");
    return { spec, operations, skeleton, names: skeleton.map(({ as }) => as) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { data } = error;
    const told =
      data.slug === "validation-error"
        ? data.errors.map(({ field, message }) => `${field} ${message}`).join("; ")
        : "detail" in data
          ? data.detail
          : data.slug;
    throw new TypeError(`This transaction cannot be: ${told}`);
  }
}

/** Any well-formed value of the member: what it will be is only known in its turn. */
function standIn(spec: OperationSpec): JsonObject {
  const { id, where, data, ifVersion, partition } = spec;
  return {
    ...fixedMembers(spec),
    ...(partition === undefined ? {} : { partition: typeof partition === "string" ? partition : "computed" }),
    ...(id === undefined ? {} : { id: typeof id === "function" ? "computed" : id }),
    ...(where === undefined ? {} : typeof where === "function" ? { where: "computed" } : staticWhere(where)),
    ...(data === undefined
      ? {}
      : { data: typeof data === "function" ? {} : jsonForm(data as Record<string, unknown>) }),
    ...(typeof ifVersion === "string" ? { ifVersion } : {}),
  };
}

/** The operation in its turn. `call` runs a function of the spec. */
export async function itemOf(
  spec: OperationSpec,
  place: OperationPlace,
  call: <V>(member: string, make: (ctx: never) => V) => Promise<V>,
): Promise<JsonObject> {
  const { id, where, data, ifVersion } = spec;
  const item: Record<string, Json> = { ...fixedMembers(spec) };
  if (typeof id === "function") item.id = literally((await call("id", id)) as Json);
  else if (id !== undefined) item.id = id;
  if (typeof where === "function") Object.assign(item, whereMembers(await call("where", where), place));
  else if (where !== undefined) Object.assign(item, staticWhere(where));
  if (typeof data === "function") item.data = literalData(await call("data", data as (ctx: never) => object));
  else if (data !== undefined) item.data = jsonForm(data as Record<string, unknown>);
  if (typeof ifVersion === "function") item.ifVersion = await call("ifVersion", ifVersion);
  else if (ifVersion !== undefined) item.ifVersion = ifVersion;
  return item;
}

/** The item through the door that lists over HTTP pass, too; what only code may say joins it behind the door. */
export function readItem(
  { writes }: OperationSpec,
  item: JsonObject,
  index: number,
  names: readonly string[],
): Operation {
  const operation = parseOperation({ ...item, as: names[index] ?? "" }, index, names);
  return writes === undefined ? operation : { ...operation, writes };
}

/** In the list itself an object of equalities may hold references. */
function staticWhere(where: Exclude<NonNullable<OperationSpec["where"]>, (...given: never) => unknown>): JsonObject {
  return typeof where === "string" || isFilter(where)
    ? whereMembers(where)
    : { where: equalities(where as Readonly<Record<string, unknown>>) };
}

function fixedMembers(spec: OperationSpec): JsonObject {
  const { op, resource, entity, as, all, when, require, expect, select, orderBy, limit } = spec;
  const given = {
    op,
    resource: resource ?? entity,
    as,
    all,
    when,
    require: typeof require === "string" ? require : undefined,
    expect,
    select,
    orderBy,
    limit,
  };
  const item = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const unknown = Object.keys(spec).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw new TypeError(`an operation has no member "${unknown}"`);
  return isJsonObject(item) ? item : {};
}

const KNOWN = [
  "op",
  "resource",
  "entity",
  "partition",
  "as",
  "id",
  "where",
  "all",
  "data",
  "condition",
  "when",
  "require",
  "ifVersion",
  "expect",
  "transform",
  "select",
  "orderBy",
  "limit",
  "fields",
  "writes",
];
