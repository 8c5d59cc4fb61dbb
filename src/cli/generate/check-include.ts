/**
 * What `include` reads over join tables lies in copies: the join table's keys, and the target. Refuses relations for which it would not be
 * there, or not compare. Called when the tools load an application, so that no Worker carries it.
 */

import { projectTable } from "../../core/read-model/projected-table.ts";
import { requireColumn, requireTable } from "../../define/app.ts";
import type { ManyToMany } from "../../define/config.ts";
import { ConfigError } from "../../define/config-error.ts";
import type { AnyResource, Refuse } from "../../define/resource.ts";

/** Throws `ConfigError`. */
export function checkInclude(resources: readonly AnyResource[]): void {
  const all = new Map(resources.map((resource) => [resource.name as string, resource]));
  for (const resource of resources) {
    const { spec, config, file } = resource;
    for (const [name, relation] of Object.entries(config.relations ?? {})) {
      if (relation.type !== "manyToMany") continue;
      const refuse = (problem: string, mend: string) =>
        new ConfigError(resource.name, file, `relation "${name}" ${problem}`, mend);
      if (spec.columns.some((column) => column.name === name) || spec.computed.includes(name))
        throw refuse("has the name of a column", "Rename the relation: rows would have two members of one name.");
      checkJoin(relation, resource, all, refuse);
    }
  }
}

function checkJoin(
  { resource, through }: ManyToMany,
  source: AnyResource,
  all: ReadonlyMap<string, AnyResource>,
  refuse: Refuse,
): void {
  const target = requireTable(resource, all, refuse);
  const join = requireTable(through.resource, all, refuse);
  for (const each of [join, target])
    if (each.config.readModel === undefined)
      throw refuse(`is read from copies, and "${each.name}" has none`, `Give "${each.name}" readModel: true.`);
  const copied = projectTable(join.spec, join.config.readModel as true | readonly string[]).columns;
  for (const [name, { spec }] of [
    [through.sourceKey, source],
    [through.targetKey, target],
  ] as const) {
    const column = requireColumn(name, join, refuse);
    const kind = spec.columns.find((each) => each.name === spec.primaryKey)?.kind;
    if (column.kind !== kind)
      throw refuse(`compares "${name}" (${column.kind}) with a key (${kind})`, "Give both columns one type.");
    if (!copied.includes(column))
      throw refuse(`needs "${name}", which is not copied`, `Add it to the readModel of "${join.name}".`);
  }
}
