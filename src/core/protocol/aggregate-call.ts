/** The call of `GET /aggregate`: a read of the object's rows, grouped and summed up in one instant. */

import type { AggregateQuery } from "../query/aggregate.ts";
import type { CallHeader, Preconditions, ScopeText } from "./object-call.ts";

export interface AggregateCall extends CallHeader {
  readonly op: "aggregate";
  readonly scope: ScopeText;
  /** Canonical filter text; `""` matches every row. */
  readonly filter: string;
  readonly withDeleted: { readonly scope: ScopeText } | null;
  readonly query: AggregateQuery;
  readonly conditions: Preconditions;
}
