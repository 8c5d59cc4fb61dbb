/** The scopes that most tables need, as filters ([Q24]): mine, what is public, or either. */

import { eq, or } from "../query/build.ts";
import type { Filter } from "../query/tree.ts";

/** Rows whose owner column holds this id: the scope of "only mine". */
export function ownerScope(userId: string, field = "ownerId"): Filter {
  return eq(field, userId);
}

/** Rows that are marked public. */
export function publicScope(field = "isPublic"): Filter {
  return eq(field, true);
}

/** Rows that are mine, or marked public. */
export function ownerOrPublic(
  userId: string,
  fields: { readonly owner?: string; readonly public?: string } = {},
): Filter {
  return or(ownerScope(userId, fields.owner), publicScope(fields.public));
}
