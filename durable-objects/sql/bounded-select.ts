/**
 * A SELECT of which no more rows are read than memory holds: those up to and including the one with which texts and blobs pass a number
 * of bytes. It is one statement all the same, so the rows are found and sorted once, and SQLite keeps what is not wanted.
 */

/** The running number of bytes, the last column of the statement. */
export const RUN_COLUMN = "_bytes so far";

/** `columns`, as quoted names of the SELECT's result, are those that may be large. The SELECT's order and its own LIMIT stay. */
export function boundedSelect(text: string, columns: readonly string[], maxBytes: number): string {
  const size = columns.length === 0 ? "0" : columns.map((column) => `coalesce(octet_length(${column}), 0)`).join(" + ");
  // The window has no order of its own: it takes the rows as the inner SELECT, which ends in ORDER BY and LIMIT, gives them.
  const running = `sum("_bytes") OVER (ROWS UNBOUNDED PRECEDING) AS "${RUN_COLUMN}"`;
  const sized = `SELECT *, ${size} AS "_bytes" FROM (${text})`;
  return `SELECT * FROM (SELECT *, ${running} FROM (${sized})) WHERE "${RUN_COLUMN}" - "_bytes" <= ${maxBytes}`;
}
