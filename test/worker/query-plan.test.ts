/** An index is used where one serves, on the very statements that lists run; and the plan is shown to those who may see it. */

import { SELF } from "cloudflare:test";
import { describe, expect, it } from "vitest";

async function plan(parameters: Readonly<Record<string, string>>): Promise<string> {
  const response = await SELF.fetch(`http://localhost/api/items_alone?${new URLSearchParams(parameters)}`, {
    headers: { "ledge-explain": "true" },
  });
  expect(response.status).toBe(200);
  await response.arrayBuffer();
  return response.headers.get("ledge-plan") ?? "";
}

const SHAPES: readonly {
  readonly what: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly plan: RegExp;
}[] = [
  {
    what: "no filter, default order",
    parameters: {},
    plan: /^SCAN items_alone USING INDEX sqlite_autoindex_items_alone_1$/,
  },
  {
    what: "equality",
    parameters: { filter: "rank==5" },
    plan: /SEARCH items_alone USING INDEX items_alone_rank \(rank=\?\)/,
  },
  {
    what: "a range",
    parameters: { filter: "rank=between=[2,5]" },
    plan: /SEARCH items_alone USING INDEX items_alone_rank \(rank>\? AND rank<\?\)/,
  },
  {
    what: "a list",
    parameters: { filter: "rank=in=(1,2,3)" },
    plan: /SEARCH items_alone USING INDEX items_alone_rank \(rank=\?\)/,
  },
  {
    what: "the key",
    parameters: { filter: 'id=="019a0000-0000-7000-8000-000000000001"' },
    plan: /SEARCH items_alone USING INDEX sqlite_autoindex_items_alone_1 \(id=\?\)/,
  },
  {
    what: "an indexed order",
    parameters: { orderBy: "rank" },
    plan: /^SCAN items_alone USING INDEX items_alone_rank(?!.*TEMP B-TREE FOR ORDER BY)/,
  },
  {
    what: "an OR of two indexed terms",
    parameters: { filter: "rank==1,rank==7" },
    plan: /SEARCH items_alone USING INDEX items_alone_rank/,
  },
  { what: "a filter that SQL cannot finish", parameters: { filter: 'name%="a%b%c"' }, plan: /then in memory/ },
];

describe("query plans", () => {
  for (const { what, parameters, plan: expected } of SHAPES) {
    it(`[QL40] ${what} is served by the index that there is`, async () => {
      expect(await plan(parameters)).toMatch(expected);
    });
  }
});
