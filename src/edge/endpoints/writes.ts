/**
 * The endpoints that write one row. Each finds out whether the caller may do this at all (401, 403), reads id, parameters
 * and body, and hands over to `runWrite`.
 */

import { Fault, invalidField } from "../../core/fault.ts";
import { isCreatableId, type RowId } from "../../core/ids.ts";
import type { ScopeText } from "../../core/protocol/object-call.ts";
import { parseFlag } from "../../core/query/parameters.ts";
import type { Operation } from "../../define/config.ts";
import type { TableRequest } from "../exchange.ts";
import { queryParameters } from "../query-parameters.ts";
import { readJsonObject } from "../read-body.ts";
import { checkCommonHeaders, readToken } from "../read-headers.ts";
import type { Reply } from "../reply.ts";
import { DENY, requireScope } from "../scopes.ts";
import { runWrite } from "./run-write.ts";

/** `POST /` */
export async function createRow(request: TableRequest): Promise<Reply> {
  const [create, read] = await scopesOf(request, "create", "read");
  requireScope(create, request.principal, "create");
  takeParameters(request);
  const { headers } = request.request;
  if (headers.has("if-match")) throw invalidField("If-Match", "has no meaning on a create", "not-applicable");
  const optimisticId = readToken(headers, "Ledge-Optimistic-Id");
  const body = await readJsonObject(request.request);
  return runWrite(request, { op: "create", body, optimisticId }, { read, create });
}

/** `PATCH /:id` */
export async function updateRow(request: TableRequest, idOf: () => RowId): Promise<Reply> {
  const [update, read] = await scopesOf(request, "update", "read");
  requireScope(update, request.principal, "update");
  const id = idOf();
  takeParameters(request);
  const body = await readJsonObject(request.request);
  return runWrite(request, { op: "update", id, body }, { read, update });
}

/** `PUT /:id`: replaces, or creates when the caller may and the id could be given on a create. */
export async function replaceRow(request: TableRequest, idOf: () => RowId): Promise<Reply> {
  const { spec } = request.entry.resource;
  const [update, read, create] = await scopesOf(request, "update", "read", "create");
  const mayCreateRows = create !== DENY && spec.capabilities.create;
  if (!mayCreateRows) requireScope(update, request.principal, "update");
  const id = idOf();
  takeParameters(request);
  const body = await readJsonObject(request.request);
  const mayCreate = mayCreateRows && isCreatableId(id, spec.idKind);
  return runWrite(request, { op: "replace", id, body, mayCreate }, { read, update, ...(mayCreate ? { create } : {}) });
}

/** `DELETE /:id`, softly where the table says so; `?hard=true` removes for real under a scope of its own ([HT49]). */
export async function deleteRow(request: TableRequest, idOf: () => RowId): Promise<Reply> {
  const operation = request.url.searchParams.get("hard") === "true" ? "hardDelete" : "delete";
  const [allowed, read, readDeleted] = await scopesOf(request, operation, "read", "readDeleted");
  requireScope(allowed, request.principal, operation);
  const id = idOf();
  checkCommonHeaders(request.request.headers);
  const hard = parseFlag("hard", queryParameters(request.url, ["hard"]).get("hard"));
  if (hard && request.entry.resource.spec.softDelete === null)
    throw invalidField("hard", "is for tables with soft delete");
  return runWrite(request, { op: "delete", id, hard }, { read, delete: allowed, readDeleted });
}

/** `POST /:id/restore` ([HT50]). */
export async function restoreRow(request: TableRequest, idOf: () => RowId): Promise<Reply> {
  if (request.entry.resource.spec.softDelete === null) throw new Fault({ slug: "not-found" });
  const [update, read, readDeleted] = await scopesOf(request, "update", "read", "readDeleted");
  requireScope(update, request.principal, "update");
  const id = idOf();
  takeParameters(request);
  return runWrite(request, { op: "restore", id }, { read, update, readDeleted });
}

export function scopesOf<const O extends readonly Operation[]>(
  request: TableRequest,
  ...operations: O
): Promise<{ [I in keyof O]: ScopeText }> {
  const scopes = operations.map((operation) => request.entry.access(request, operation));
  return Promise.all(scopes) as Promise<{ [I in keyof O]: ScopeText }>;
}

/** Writes take no parameters, and the headers that every request takes. */
export function takeParameters({ request, url }: TableRequest): void {
  checkCommonHeaders(request.headers);
  if (url.search !== "") queryParameters(url, []);
}
