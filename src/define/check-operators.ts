/** Checks `query.operators` ([QL13]): canonical tokens that exist, since a misspelt one would quietly refuse what it was to allow. */

import type { CustomOperators } from "../core/query/custom-operators.ts";
import { OPERATORS } from "../core/query/operators.ts";
import type { Refuse } from "./resource.ts";

export function checkOperators(listed: readonly string[] | undefined, custom: CustomOperators, refuse: Refuse): void {
  const known = [...OPERATORS.map((operator) => operator.token), ...custom.keys()] as readonly string[];
  for (const token of listed ?? []) {
    if (known.includes(token)) continue;
    const meant = OPERATORS.find((operator) => "alias" in operator && operator.alias === token);
    throw refuse(
      `query.operators names no operator: ${token}`,
      meant === undefined ? `Operators are: ${known.join(" ")}.` : `Write it as ${meant.token}.`,
    );
  }
}
