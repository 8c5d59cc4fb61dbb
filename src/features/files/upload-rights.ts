/**
 * Who may send bytes to a row: to an announced one whoever may create it (and the state machine asks that it is who announced it); to
 * one that has bytes already, whoever may update it.
 */

import { Fault } from "../../core/fault.ts";
import type { RowId } from "../../core/ids.ts";
import type { WriteScopes } from "../../core/protocol/object-call.ts";
import { scopesOf } from "../../edge/endpoints/writes.ts";
import type { TableRequest } from "../../edge/exchange.ts";
import { ALLOW, DENY, requireScope } from "../../edge/scopes.ts";
import { type LoadedFile, loadFile } from "./row-calls.ts";

export interface Uploadable extends LoadedFile {
  readonly scopes: WriteScopes;
}

export async function openUpload(request: TableRequest, id: () => RowId): Promise<Uploadable> {
  const [create, update, read] = await scopesOf(request, "create", "update", "read");
  if (update === DENY) requireScope(create, request.principal, "create");
  const both = [
    { read: pendingIn(create), update: create },
    { read, update },
  ].filter((scopes) => scopes.update !== DENY && scopes.read !== DENY);
  const row = id();
  for (const [index, scopes] of both.entries()) {
    try {
      return { ...(await loadFile(request, row, scopes.read)), scopes };
    } catch (error) {
      const isAbsent = error instanceof Fault && error.data.slug === "not-found";
      if (!isAbsent || index === both.length - 1) throw error;
    }
  }
  throw new Fault({ slug: "not-found", resource: request.entry.resource.name, id: String(row) });
}

function pendingIn(scope: string): string {
  const pending = 'status=="pending"';
  return scope === DENY ? DENY : scope === ALLOW ? pending : `(${scope});${pending}`;
}
