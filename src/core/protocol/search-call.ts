/** The call of `GET /search`: a read of the object's full-text index and of the rows it leads to, in one instant. */

import type { SearchQuery } from "../query/search.ts";
import type { CallHeader, Preconditions, ScopeText } from "./object-call.ts";

export interface SearchCall extends CallHeader {
  readonly op: "search";
  readonly scope: ScopeText;
  /** Canonical filter text; `""` matches every row. */
  readonly filter: string;
  readonly withDeleted: { readonly scope: ScopeText } | null;
  readonly query: SearchQuery;
  readonly select: readonly string[] | null;
  readonly conditions: Preconditions;
}
