/** Names of results ([HT58]). Pure. */

import { isJsonObject, type Json } from "../json.ts";

/** `as`, else the resource, with `_1`, `_2` … where that is taken ([HT58]). */
export function resultNames(list: readonly Json[]): string[] {
  const member = (item: Json, name: string) => {
    const value = isJsonObject(item) && Object.hasOwn(item, name) ? item[name] : undefined;
    return typeof value === "string" ? value : undefined;
  };
  const taken = new Set(list.flatMap((item) => member(item, "as") ?? []));
  return list.map((item) => {
    const own = member(item, "as");
    if (own !== undefined) return own;
    const base = member(item, "resource") ?? "result";
    let name = base;
    for (let count = 1; taken.has(name); count++) name = `${base}_${count}`;
    taken.add(name);
    return name;
  });
}
