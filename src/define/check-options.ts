/**
 * Refuses options that do not exist, when a resource is declared: a misspelt `returned: false` or `capabilities: { delete: false }`
 * would otherwise leave open what it was meant to close. The types refuse them too, but nobody runs those while developing.
 */

import type { ResourceConfig } from "./config.ts";
import type { Refuse } from "./resource.ts";

const OPERATIONS = ["read", "create", "update", "delete", "subscribe", "readDeleted", "hardDelete"];

/** Members of each option; null where their names are the application's own (or checked by whoever reads them). */
const OPTIONS: { readonly [name in keyof Required<ResourceConfig>]: readonly string[] | null } = {
  auth: OPERATIONS,
  public: OPERATIONS,
  group: null,
  partitionBy: null,
  partition: ["claim", "allow"],
  id: null,
  fields: ["readable", "writable", "filterable", "sortable", "aggregatable"],
  columns: null,
  generatedFields: null,
  strictInput: null,
  schema: null,
  computed: null,
  softDelete: ["field", "value"],
  etag: ["versionField", "required"],
  pagination: ["defaultLimit", "maxLimit", "offset", "cursorMaxAgeMs"],
  capabilities: ["create", "update", "delete", "batch", "aggregate", "subscribe", "search"],
  batch: null,
  hooks: [
    "onBeforeCreate",
    "onBeforeUpdate",
    "onBeforeDelete",
    "onWrite",
    "onRemove",
    "onAfterCreate",
    "onAfterUpdate",
    "onAfterDelete",
  ],
  notify: null,
  wake: ["at", "run"],
  search: ["fields", "attributes", "adapter"],
  readModel: null,
  relations: null,
  operators: null,
  query: ["operators"],
  changelog: ["maxCommits", "maxAgeMs", "maxBytes"],
  idempotency: ["ttlMs"],
  cache: ["public"],
};
const COLUMN_FLAGS = ["returned", "input", "required", "type"];

export function checkOptions(config: ResourceConfig, refuse: Refuse): void {
  const check = (place: string, given: unknown, known: readonly string[]) => {
    if (typeof given !== "object" || given === null) return;
    const unknown = Object.keys(given).find((name) => !known.includes(name));
    if (unknown !== undefined)
      throw refuse(`${place}${unknown} is no option`, `Options are: ${known.map((name) => place + name).join(", ")}.`);
  };
  check("", config, Object.keys(OPTIONS));
  for (const [option, members] of Object.entries(OPTIONS)) {
    if (members !== null) check(`${option}.`, config[option as keyof ResourceConfig], members);
  }
  for (const [column, flags] of Object.entries(config.columns ?? {})) check(`columns.${column}.`, flags, COLUMN_FLAGS);
}
