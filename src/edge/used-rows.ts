/** The caller's rows of the tables that a scope uses ([RV2]), read by a request from the objects that own them. */

import { Fault } from "../core/fault.ts";
import { objectName } from "../core/ids.ts";
import { errorFields } from "../core/log.ts";
import type { UsedAnswer } from "../core/protocol/used-rows.ts";
import type { Row } from "../core/schema/table-spec.ts";
import type { ScopeUse } from "../define/config.ts";
import { MAX_USED_ROWS, type RowsByTable } from "../define/declared-scope.ts";
import type { AnyResource } from "../define/resource.ts";
import type { Asking } from "./scopes.ts";

/** Throws a `Fault` where an object does not answer: no rights are made up meanwhile. */
export async function readUsedRows(
  { principal, env, edge, partition, log }: Asking,
  resource: AnyResource,
  uses: readonly ScopeUse[],
): Promise<RowsByTable> {
  if (principal.kind === "anonymous") return new Map();
  const { definition } = edge;
  const read = async ({ table, user: column }: ScopeUse): Promise<[string, readonly Row[]]> => {
    const used = definition.resources.get(table);
    if (used === undefined) throw new Fault({ slug: "not-found", resource: table });
    const { group } = used.spec;
    const object = objectName(definition.name, group, group === resource.spec.group ? partition : null);
    const answer = await ask(env, object, { table, column, user: principal.id, dependent: null }).catch((error) => {
      log.warn("rows that a scope uses could not be read", { resource: resource.name, table, ...errorFields(error) });
      throw new Fault({ slug: "unavailable", retryAfter: 1 });
    });
    if (answer.rows.length > MAX_USED_ROWS)
      throw new Fault({ slug: "query-too-expensive", examined: answer.rows.length, limit: MAX_USED_ROWS });
    return [table, answer.rows];
  };
  return new Map(await Promise.all(uses.map(read)));
}

function ask(env: Asking["env"], object: string, question: object): Promise<UsedAnswer> {
  return env.LEDGE_TABLES.getByName(object)
    .usedRows(JSON.stringify(question))
    .then((text) => JSON.parse(text) as UsedAnswer);
}
