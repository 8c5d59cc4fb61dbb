/** What of an operation can be read once its table is known: filter, select, order, limit. It may still hold references ([HT55]). */

import { Fault } from "../../core/fault.ts";
import type { OpenOperation } from "../../core/protocol/transaction-call.ts";
import { parseOrderBy } from "../../core/query/order.ts";
import { parseFilter } from "../../core/query/parse.ts";
import { printFilter } from "../../core/query/print.ts";
import { parseSelect } from "../../core/query/select.ts";
import { TRANSACTION_LIMITS } from "../../core/transaction/limits.ts";
import type { Operation } from "../../core/transaction/operation.ts";
import { placeOperationFault } from "../../core/transaction/place-operation-fault.ts";
import type { Target } from "./open-target.ts";
import type { Origin } from "./origin.ts";

export function openOperation({ door }: Origin, target: Target, operation: Operation, newId: string): OpenOperation {
  const { place, request, mayCreate } = target;
  const { spec, operators, config } = request.entry.resource;
  const { op, id, data, ifVersion, where } = operation;
  const fields = door === "code" ? "scope" : "client";
  const canonical = (text: string) =>
    text === ""
      ? ""
      : printFilter(
          parseFilter(text, {
            table: spec,
            fields,
            operators,
            ...(door === "code" ? {} : { allowedOperators: config.query?.operators }),
            parameter: `operations[${place.index}].where`,
          }),
        );
  try {
    const { defaultLimit, maxLimit } = spec.pagination;
    return {
      op,
      id,
      data,
      ifVersion,
      where: typeof where === "string" ? canonical(where) : where,
      select: parseSelect(operation.select, spec),
      orderBy: parseOrderBy(operation.orderBy, spec),
      limit: Math.min(operation.limit ?? defaultLimit, maxLimit, TRANSACTION_LIMITS.listRows),
      fields,
      newId,
      mayCreate,
      ...(operation.writes === undefined ? {} : { writes: operation.writes }),
    };
  } catch (error) {
    if (error instanceof Fault) throw new Fault(placeOperationFault(error.data, place));
    throw error;
  }
}
