/**
 * The forms of a batch body ([HT47], section 2): items, ids, or rows under a filter. Reads the outer form only; what the items
 * hold is `batch-items.ts`.
 */

import { type Fault, invalidField } from "../../core/fault.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { type Parameters, parseFlag } from "../../core/query/parameters.ts";
import type { AnyResource } from "../../define/resource.ts";
import type { TableRequest } from "../exchange.ts";
import { queryParameters } from "../query-parameters.ts";
import { readJsonObject } from "../read-body.ts";
import { checkCommonHeaders } from "../read-headers.ts";
import { readFilter } from "./read-access.ts";

/** What a request says of the rows under a filter. */
export interface FilterForm {
  readonly kind: "filter";
  /** Canonical text; `""`: all rows. */
  readonly filter: string;
  readonly patch: JsonObject;
  /** Where the patch stands in the body, for fields in errors: `patch`, or `""` for the body itself. */
  readonly patchPlace: "patch" | "";
  readonly isDryRun: boolean;
}

export interface ListForm {
  readonly kind: "items" | "ids";
  readonly list: readonly Json[];
}

/** The form, and the body as the fingerprint of the request takes it. */
export interface BatchForm<F> {
  readonly form: F;
  readonly body: Json;
}

/** `{items:[…]}` */
export async function readItemsForm({ request }: TableRequest): Promise<BatchForm<ListForm>> {
  const body = await readJsonObject(request);
  takeMembers(body, ["items"]);
  return { form: listForm(body, "items"), body };
}

/** `{filter|all, patch}`, `{items:[…]}`, or `?filter=` with the patch as the body. */
export async function readUpdateForm(request: TableRequest): Promise<BatchForm<FilterForm | ListForm>> {
  const parameters = readBatchParameters(request);
  const body = await readJsonObject(request.request);
  const isDryRun = parseFlag("dryRun", parameters.get("dryRun"));
  if (parameters.has("filter")) {
    if (Object.hasOwn(body, "filter") || Object.hasOwn(body, "items"))
      throw misformed("may not have filter or items where the URL has a filter");
    return {
      form: { kind: "filter", filter: urlFilter(request, parameters), patch: body, patchPlace: "", isDryRun },
      body,
    };
  }
  if (Object.hasOwn(body, "items")) {
    takeMembers(body, ["items"]);
    return { form: listForm(body, "items", isDryRun), body };
  }
  takeMembers(body, ["filter", "all", "patch"]);
  const { patch } = body;
  if (!isJsonObject(patch)) throw misformed("must have items, or filter and an object patch");
  return {
    form: { kind: "filter", filter: bodyFilter(request.entry.resource, body), patch, patchPlace: "patch", isDryRun },
    body,
  };
}

/** `{filter|all}`, `{ids:[…]}`, or `?filter=` without a body. */
export async function readDeleteForm(request: TableRequest): Promise<BatchForm<FilterForm | ListForm>> {
  const parameters = readBatchParameters(request);
  const isDryRun = parseFlag("dryRun", parameters.get("dryRun"));
  const form = (filter: string): FilterForm => ({ kind: "filter", filter, patch: {}, patchPlace: "", isDryRun });
  if (parameters.has("filter")) return { form: form(urlFilter(request, parameters)), body: null };
  const body = await readJsonObject(request.request);
  if (Object.hasOwn(body, "ids")) {
    takeMembers(body, ["ids"]);
    return { form: listForm(body, "ids", isDryRun), body };
  }
  takeMembers(body, ["filter", "all"]);
  return { form: form(bodyFilter(request.entry.resource, body)), body };
}

function readBatchParameters({ url, request }: TableRequest): Parameters {
  checkCommonHeaders(request.headers);
  return queryParameters(url, ["filter", "dryRun"]);
}

function listForm(body: JsonObject, kind: "items" | "ids", isDryRun = false): ListForm {
  const list = body[kind];
  if (!Array.isArray(list)) throw misformed(`must have ${kind}, an array`);
  if (isDryRun) throw invalidField("dryRun", "is for batches by filter", "not-applicable");
  return { kind, list };
}

/** A non-empty filter, or `all: true`; both or neither is refused. */
function bodyFilter(resource: AnyResource, { filter, all }: JsonObject): string {
  if (filter !== undefined && typeof filter !== "string") throw misformed("has a filter that is no text");
  if (all !== undefined && typeof all !== "boolean") throw misformed("has all, which is neither true nor false");
  const canonical = filter === undefined ? "" : readFilter(resource, new Map([["filter", filter]]));
  if (all === true && filter !== undefined) throw misformed("may not have both filter and all");
  if (all !== true && canonical === "") throw misformed("must have a non-empty filter, or all: true");
  return canonical;
}

function urlFilter({ entry }: TableRequest, parameters: Parameters): string {
  const canonical = readFilter(entry.resource, parameters);
  if (canonical === "") throw invalidField("filter", "must not be empty; to take all rows send all: true in the body");
  return canonical;
}

function takeMembers(body: JsonObject, known: readonly string[]): void {
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  if (unknown !== undefined) throw misformed(`may hold only ${known.join(", ")} here, not ${JSON.stringify(unknown)}`);
}

/** The outer form of the body is wrong ([HT20]). */
function misformed(message: string): Fault {
  return invalidField("", message, "form");
}
