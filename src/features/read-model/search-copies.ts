/** Full text over the copies of one table, by the statements that search it in its object: for its views and for the search over several. */

import type { Selection } from "../../../durable-objects/sql/list-statement.ts";
import type { Sql } from "../../../durable-objects/sql/port.ts";
import { searchExpression } from "../../../durable-objects/sql/search-expression.ts";
import { indexColumns, type SearchedTable } from "../../../durable-objects/sql/search-index.ts";
import { type FoundPage, searchRows } from "../../../durable-objects/sql/search-rows.ts";
import type { SearchQuery } from "../../core/query/search.ts";

const NOTHING: FoundPage = { rows: [], hasMore: false, totalCount: 0 };

/** The table of the selection is searched, and `sql` has its rows with their numbers. */
export function searchCopies(sql: Sql, selection: Selection, { q, fields, ...page }: SearchQuery): FoundPage {
  const table = selection.table as SearchedTable;
  const isNarrowed = fields.length < table.search.fields.length;
  const expression = searchExpression(q, isNarrowed ? indexColumns(table, fields) : null);
  if (expression === null) return NOTHING;
  return searchRows(sql, { ...selection, table, expression, fields }, page);
}
