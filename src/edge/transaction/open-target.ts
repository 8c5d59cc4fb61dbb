/**
 * The table of an operation: does it exist in this form, may the caller enter its partition and do this at all? ([HT20] [HT54]) The
 * same questions, in the same order, as for a request of its own; nothing is addressed before they are answered.
 */

import { Fault } from "../../core/fault.ts";
import { objectName } from "../../core/ids.ts";
import type { WriteScopes } from "../../core/protocol/object-call.ts";
import type { Capability } from "../../core/schema/table-spec.ts";
import type { Operation, TransactionOp } from "../../core/transaction/operation.ts";
import { type OperationPlace, placeOperationFault } from "../../core/transaction/place-operation-fault.ts";
import type { Operation as ScopeOperation } from "../../define/config.ts";
import type { TableEntry } from "../edge.ts";
import type { TableRequest } from "../exchange.ts";
import { MAX_UNCONFIRMED_ROWS } from "../limits.ts";
import { admitsPartition } from "../partition.ts";
import { ALLOW, DENY, requireScope } from "../scopes.ts";
import { tableNamed } from "../table-named.ts";
import type { Origin } from "./origin.ts";

export interface Target {
  readonly place: OperationPlace;
  readonly op: TransactionOp;
  /** The request as that table would see it. */
  readonly request: TableRequest;
  readonly scopes: WriteScopes;
  readonly mayCreate: boolean;
  /** More rows under a filter need a confirmation, which a list of operations cannot give ([HT32]). */
  readonly limitUnconfirmed: number | null;
}

const CAPABILITIES: { readonly [op in TransactionOp]?: Capability } = {
  create: "create",
  update: "update",
  replace: "update",
  upsert: "update",
  restore: "update",
  delete: "delete",
};

export async function openTarget(
  origin: Origin,
  {
    op,
    resource,
    partition,
    where,
  }: Pick<Operation, "op" | "resource" | "partition"> & Partial<Pick<Operation, "where">>,
  place: OperationPlace,
): Promise<Target> {
  try {
    const entry = findTable(origin, resource);
    const request = await enter(origin, entry, resource, partition);
    const { spec } = entry.resource;
    const needed = CAPABILITIES[op];
    const isBatch = where !== undefined && (op === "update" || op === "delete");
    const isOffered =
      origin.door === "code" ||
      ((needed === undefined || spec.capabilities[needed]) &&
        (!isBatch || (spec.capabilities.batch && spec.batch.limits[op] > 0)));
    if (!isOffered || (op === "restore" && spec.softDelete === null)) throw new Fault({ slug: "not-found", resource });
    const limitUnconfirmed = origin.door === "http" && spec.batch.confirm ? MAX_UNCONFIRMED_ROWS : null;
    return { place, op, request, limitUnconfirmed, ...(await scopesFor(origin, request, op)) };
  } catch (error) {
    if (error instanceof Fault) throw new Fault(placeOperationFault(error.data, place));
    throw error;
  }
}

/** By the name it is served under; server code may also use the table's own. */
export function findTable({ exchange, door }: Origin, name: string): TableEntry {
  const { edge } = exchange;
  const entry = edge.tables.get(name) ?? (door === "code" ? tableNamed(edge, name) : undefined);
  if (entry === undefined) throw new Fault({ slug: "not-found", resource: name });
  return entry;
}

async function enter(
  { exchange, rights }: Origin,
  entry: TableEntry,
  resource: string,
  partition: string | null,
): Promise<TableRequest> {
  const { spec, config } = entry.resource;
  const app = exchange.edge.definition.name;
  if (spec.partitionBy === null || config.partition === undefined) {
    if (partition !== null) throw new Fault({ slug: "not-found", resource });
    return { ...exchange, entry, partition: null, object: objectName(app, spec.group, null) };
  }
  const isAdmitted =
    partition !== null &&
    (await admitsPartition(rights.kind === "system" ? { allow: () => true } : config.partition, partition, exchange));
  if (!isAdmitted) throw new Fault({ slug: "not-found", resource });
  return { ...exchange, entry, partition, object: objectName(app, spec.group, partition) };
}

async function scopesFor(
  { rights, door }: Origin,
  request: TableRequest,
  op: TransactionOp,
): Promise<Pick<Target, "scopes" | "mayCreate">> {
  const { entry, principal } = request;
  const scope = async (operation: ScopeOperation) =>
    rights.kind === "system" ? ALLOW : await entry.access(request, operation);
  const needed = async (operation: ScopeOperation) => requireScope(await scope(operation), principal, operation);
  switch (op) {
    case "read":
    case "list":
    case "count":
      return { scopes: { read: await needed("read") }, mayCreate: false };
    case "create":
      return { scopes: { create: await needed("create"), read: await scope("read") }, mayCreate: true };
    case "update":
      return { scopes: { update: await needed("update"), read: await scope("read") }, mayCreate: false };
    case "delete":
      return { scopes: { delete: await needed("delete"), read: await scope("read") }, mayCreate: false };
    case "restore": {
      const readDeleted = await scope("readDeleted");
      return { scopes: { update: await needed("update"), read: await scope("read"), readDeleted }, mayCreate: false };
    }
    case "replace":
    case "upsert": {
      const create = await scope("create");
      const mayCreate = create !== DENY && (door === "code" || entry.resource.spec.capabilities.create);
      const update = mayCreate ? await scope("update") : await needed("update");
      return { scopes: { update, read: await scope("read"), ...(mayCreate ? { create } : {}) }, mayCreate };
    }
  }
}
