/**
 * The results of a transaction so far, and what a path means in them ([HT56] [HT57]). Only own members and array indexes count:
 * what a prototype has is not there. Pure; used by the object in its turn and by the Worker between trials.
 */

import type { Json } from "../json.ts";
import { isJsonObject } from "../json.ts";
import type { Result } from "./operation.ts";
import type { Path } from "./template.ts";

export interface StepResult {
  readonly isSkipped: boolean;
  readonly value: Result;
}

const INDEX = /^(?:0|[1-9][0-9]{0,8})$/;

/** Which operation the first part of a path names: by its index, or by name. Null: none of these. */
export function operationAt(part: string, names: readonly string[]): number | null {
  if (INDEX.test(part)) return Number(part) < names.length ? Number(part) : null;
  const index = names.indexOf(part);
  return index < 0 ? null : index;
}

/** The value at a path; undefined where a member is missing or the operation was skipped, or has not run. */
export function valueAt(path: Path, names: readonly string[], results: readonly StepResult[]): Json | undefined {
  const [first = "", ...members] = path;
  const index = operationAt(first, names);
  const result = index === null ? undefined : results[index];
  return result === undefined || result.isSkipped ? undefined : memberAt(result.value, members);
}

function memberAt(value: Json, members: readonly string[]): Json | undefined {
  let at: Json | undefined = value;
  for (const name of members) {
    if (Array.isArray(at))
      at = name === "length" ? at.length : INDEX.test(name) ? (at as Json[])[Number(name)] : undefined;
    else if (isJsonObject(at) && Object.hasOwn(at, name)) at = at[name];
    else return undefined;
    if (at === undefined) return undefined;
  }
  return at;
}
