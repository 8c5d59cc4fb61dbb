/** The statement that a page begins with, as one text: most pages are read by it alone. */

import { type PageRequest, planPage, type Statement } from "../../durable-objects/sql/list-statement.ts";

export function listStatement({ limit, ...request }: PageRequest): Statement {
  const { statements, residual } = planPage(request);
  const first = statements[0]?.({ limitRows: limit, maxBytes: null });
  if (first === undefined) throw new Error("the page has no statement");
  return { ...first, residual };
}
