/**
 * The list of operations, read strictly ([HT55] [HT56] [HT57]): unknown members, wrong forms and references that can never lead
 * anywhere are refused before anything runs, all errors of the list at once. Pure; server code's lists pass the same door.
 */

import { Fault, invalidField, MAX_ERRORS } from "../fault.ts";
import type { Json, JsonObject } from "../json.ts";
import { limitExceeded, TRANSACTION_LIMITS } from "./limits.ts";
import type { Operation, TransactionRequest } from "./operation.ts";
import { OperationReader } from "./operation-reader.ts";
import { resultNames } from "./result-names.ts";

const BODY_MEMBERS = ["atomic", "isolation", "operations"];
/** The body of a request. */
export function parseTransaction(body: JsonObject): TransactionRequest {
  const unknown = Object.keys(body).find((name) => !BODY_MEMBERS.includes(name));
  if (unknown !== undefined)
    throw invalidField("", `may hold only ${BODY_MEMBERS.join(", ")}, not ${JSON.stringify(unknown)}`, "form");
  const { atomic = true, isolation = "serializable", operations } = body;
  if (typeof atomic !== "boolean") throw invalidField("atomic", "must be true or false", "type");
  if (isolation !== "serializable" && isolation !== "committed")
    throw invalidField("isolation", "must be serializable or committed", "enum");
  if (!Array.isArray(operations) || operations.length === 0)
    throw invalidField("operations", "must be an array of at least one operation", "form");
  return { atomic, isolation, operations: parseOperations(operations) };
}

export function parseOperations(list: readonly Json[]): Operation[] {
  const max = TRANSACTION_LIMITS.operations;
  if (list.length > max) throw limitExceeded("operations", list.length, max);
  const names = resultNames(list);
  const read = list.map((item, index) => new OperationReader(item, index, names));
  refuseErrors(read, names);
  return read.map(({ operation }) => operation);
}

/** One operation of a list whose names are known. */
export function parseOperation(item: Json, index: number, names: readonly string[]): Operation {
  const read = new OperationReader(item, index, names);
  refuseErrors([read], names);
  return read.operation;
}

function refuseErrors(read: readonly OperationReader[], names: readonly string[]): void {
  const first = read.find(({ errors }) => errors.length > 0);
  if (first === undefined) return;
  const { index } = first;
  const as = names[index] ?? "";
  const errors = read.flatMap((reader) => reader.errors).slice(0, MAX_ERRORS);
  throw new Fault({ slug: "validation-error", errors, index, as });
}
