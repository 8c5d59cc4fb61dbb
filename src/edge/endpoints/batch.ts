/**
 * The endpoints of batches (section 7). Each finds out whether the caller may do this at all, reads the form of the body, and
 * hands over to `runItems` or `runFilter`.
 */

import { invalidField } from "../../core/fault.ts";
import type { TableRequest } from "../exchange.ts";
import { readConditions } from "../read-headers.ts";
import type { Reply } from "../reply.ts";
import { DENY, requireScope } from "../scopes.ts";
import { readDeleteForm, readItemsForm, readUpdateForm } from "./batch-body.ts";
import { runFilter } from "./run-batch-filter.ts";
import { runItems } from "./run-batch-items.ts";
import { scopesOf, takeParameters } from "./writes.ts";

/** `POST /batch` */
export async function createBatch(request: TableRequest): Promise<Reply> {
  const [create, read] = await scopesOf(request, "create", "read");
  requireScope(create, request.principal, "create");
  takeParameters(request);
  refuseConditions(request, "has no meaning on a create");
  const { form, body } = await readItemsForm(request);
  return runItems(request, {
    operation: "create",
    list: form.list,
    body,
    scopes: { read, create },
    mayCreate: true,
    conditions: {},
  });
}

/** `PATCH /batch`: by items, or by filter. */
export async function updateBatch(request: TableRequest): Promise<Reply> {
  const [update, read] = await scopesOf(request, "update", "read");
  requireScope(update, request.principal, "update");
  const scopes = { read, update };
  const { form, body } = await readUpdateForm(request);
  if (form.kind === "filter") return runFilter(request, { operation: "update", form, body, scopes });
  refuseConditions(request, "is for batches by filter; each item has its own ifVersion");
  return runItems(request, { operation: "update", list: form.list, body, scopes, mayCreate: false, conditions: {} });
}

/** `PUT /batch`: replaces each, or creates it where the caller may. */
export function replaceBatch(request: TableRequest): Promise<Reply> {
  return putOrUpsert(request, "replace");
}

/** `POST /batch/upsert`: writes the given columns over a row, or creates it. */
export function upsertBatch(request: TableRequest): Promise<Reply> {
  return putOrUpsert(request, "upsert");
}

/** `DELETE /batch`: by ids, or by filter. */
export async function deleteBatch(request: TableRequest): Promise<Reply> {
  const [allowed, read] = await scopesOf(request, "delete", "read");
  requireScope(allowed, request.principal, "delete");
  const scopes = { read, delete: allowed };
  const { form, body } = await readDeleteForm(request);
  if (form.kind === "filter") return runFilter(request, { operation: "delete", form, body, scopes });
  const conditions = readConditions(request.request.headers);
  return runItems(request, { operation: "delete", list: form.list, body, scopes, mayCreate: false, conditions });
}

async function putOrUpsert(request: TableRequest, operation: "replace" | "upsert"): Promise<Reply> {
  const [update, read, create] = await scopesOf(request, "update", "read", "create");
  const mayCreate = create !== DENY && request.entry.resource.spec.capabilities.create;
  if (!mayCreate) requireScope(update, request.principal, "update");
  takeParameters(request);
  refuseConditions(request, "has no meaning here; each item has its own ifVersion");
  const { form, body } = await readItemsForm(request);
  const scopes = { read, update, ...(mayCreate ? { create } : {}) };
  return runItems(request, { operation, list: form.list, body, scopes, mayCreate, conditions: {} });
}

/** A condition that cannot be met is not ignored ([HT40]). */
function refuseConditions({ request }: TableRequest, why: string): void {
  for (const name of ["If-Match", "If-None-Match"]) {
    if (request.headers.has(name)) throw invalidField(name, why, "not-applicable");
  }
}
