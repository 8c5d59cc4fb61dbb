/** Checks, once an application is whole, that the tables which scopes use are there and can be asked for a caller's rows ([RV2]). */

import type { ScopeRules } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { isDeclared } from "./declared-scope.ts";
import type { AnyResource } from "./resource.ts";

export function checkUses(resource: AnyResource, all: ReadonlyMap<string, AnyResource>): void {
  for (const [operation, rule] of Object.entries((resource.config.auth ?? {}) as ScopeRules)) {
    for (const { table, user } of isDeclared(rule) ? rule.uses : []) {
      const refuse = (problem: string, mend: string) =>
        new ConfigError(resource.name, resource.file, `auth.${operation} uses ${problem}`, mend);
      const used = all.get(table);
      if (used === undefined) throw refuse(`no table: "${table}"`, `Tables are: ${[...all.keys()].join(", ")}.`);
      const column = used.spec.columns.find(({ name }) => name === user);
      if (column?.kind !== "text")
        throw refuse(
          `"${user}" of "${table}", which is no column of text`,
          `\`user\` names the column that holds ids of users. Columns are: ${used.spec.columns.map(({ name }) => name).join(", ")}.`,
        );
      if (used.spec.partitionBy !== null && used.spec.group !== resource.spec.group)
        throw refuse(
          `"${table}", which lies in many objects`,
          "Put both tables into one group with the same partition, or keep the used table in one object.",
        );
    }
  }
}
