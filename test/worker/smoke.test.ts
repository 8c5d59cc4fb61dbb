import { describe } from "vitest";
import { scenarios } from "../support/scenario.ts";

describe("a table is an API", () => {
  scenarios([
    {
      name: "[R3] a create answers 201 with the row, its address and its tag",
      when: { to: "POST /api/kinds", body: { title: "one" } },
      status: 201,
      json: { title: "one", count: 7, done: false, made: "db-made", random: "fixed", at: null },
      headers: { location: /^\/api\/kinds\/[0-9a-f-]{36}$/, etag: /^"[a-z2-7]{16}:1:[0-9a-f]{6}"$/, "ledge-seq": /^[a-z2-7]{16}:1$/ },
      seq: 1,
    },
    {
      name: "[R2] a row created is read back",
      given: [{ to: "POST /api/kinds", body: { title: "two" }, as: "row" }],
      when: { to: "GET /api/kinds/{row.id}" },
      status: 200,
      json: { id: "{row.id}", title: "two" },
      seq: 0,
    },
  ]);
});
