/** Columns that a create must give although the table would do without them: `columns: { x: { required: true } }`. */

import type { AnyResource } from "./resource.ts";

const known = new WeakMap<AnyResource, ReadonlySet<string>>();

export function requiredColumns(resource: AnyResource): ReadonlySet<string> {
  let names = known.get(resource);
  if (names === undefined) {
    const flags = Object.entries(
      (resource.config.columns ?? {}) as Readonly<Record<string, { readonly required?: boolean } | undefined>>,
    );
    names = new Set(flags.filter(([, flag]) => flag?.required === true).map(([name]) => name));
    known.set(resource, names);
  }
  return names;
}
