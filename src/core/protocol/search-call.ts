/**
 * The call of `GET /search`: a read of the object's full-text index, or of what an engine outside has found, and of the rows it leads to,
 * in one instant.
 */

import type { RowId } from "../ids.ts";
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
  /** Found by an engine outside; absent where the table has an index of its own. */
  readonly found?: EngineHits;
}

export interface EngineHits {
  /** Best first, each id once. */
  readonly hits: readonly SearchHit[];
  /** The engine has no more, or none that will be asked for. */
  readonly isWhole: boolean;
}

export interface SearchHit {
  readonly id: RowId;
  /** What to highlight, as it stands in the text; default: the words of the query. */
  readonly words?: readonly string[];
}
