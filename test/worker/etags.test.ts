/** Tags of rows and the precedence of conditions ([HT33] [HT35]–[HT37] [E1]–[E4]; RFC 9110 13). */

import { describe, expect, it } from "vitest";
import { ledgerSeq, type Scenario, type Step, scenarios, send } from "../support/scenario.ts";

const kind: Step = { to: "POST /api/kinds", body: { title: "tag", count: 1 }, as: "k" };
const moved: Step[] = [kind, { to: "PATCH /api/kinds/{k.id}", body: { count: 2 }, as: "now" }];
const ABSENT = "0198c0de-0000-7000-8000-000000000000";
const read = (
  name: string,
  headers: Record<string, string>,
  status: number,
  more: Partial<Scenario> = {},
): Scenario => ({ name, given: [kind], when: { to: "GET /api/kinds/{k.id}", headers }, status, seq: 0, ...more });
const write = (
  name: string,
  headers: Record<string, string>,
  status: number,
  more: Partial<Scenario> = {},
): Scenario => ({
  name,
  given: moved,
  when: { to: "PATCH /api/kinds/{k.id}", body: { count: 3 }, headers },
  status,
  seq: status === 200 ? 1 : 0,
  ...(status === 412 ? { json: { code: "PRECONDITION_FAILED", currentETag: "{now.etag}" } } : {}),
  ...more,
});
const form = /^"[a-z2-7]{16}:\d+:[0-9a-f]{6}"$/;

describe("row tags", () => {
  scenarios([
    {
      name: "[HT33] a create sends a strong tag of epoch, version and shape",
      when: kind,
      status: 201,
      headers: { etag: form },
    },
    read("[HT33] a read sends the same tag", {}, 200, { headers: { etag: "{k.etag}" } }),
    {
      name: "[HT33] a patch sends the new tag",
      given: [kind],
      when: { to: "PATCH /api/kinds/{k.id}", body: { count: 5 } },
      status: 200,
      headers: { etag: form },
    },
    {
      name: "[HT33] a replace sends the new tag",
      given: [kind],
      when: { to: "PUT /api/kinds/{k.id}", body: { title: "put" } },
      status: 200,
      headers: { etag: form },
    },
    {
      name: "[HT33] a delete sends none",
      given: [kind],
      when: { to: "DELETE /api/kinds/{k.id}" },
      status: 204,
      headers: { etag: null },
    },
    {
      name: "[HT33] [E6] etags=true gives list items their tag",
      given: [kind],
      when: { to: 'GET /api/kinds?etags=true&filter=id=="{k.id}"' },
      status: 200,
      then: ({ body, kept }) => void expect(`"${(body.items as { _etag: string }[])[0]?._etag}"`).toBe(kept.k?.etag),
    },
    {
      name: "[HT33] without it list items have none",
      given: [kind],
      when: { to: "GET /api/kinds" },
      status: 200,
      hasNot: ["_etag"],
    },
    {
      name: "[HT33] etags is a boolean",
      when: { to: "GET /api/kinds?etags=1" },
      status: 400,
      json: { errors: [{ field: "etags" }] },
    },
  ]);
});

describe("If-None-Match on reads", () => {
  scenarios([
    read("[HT35] [E4] the present tag answers 304 without a body", { "if-none-match": "{k.etag}" }, 304, {
      headers: { etag: "{k.etag}", "ledge-seq": /:/, "content-type": null },
      then: ({ text }) => void expect(text).toBe(""),
    }),
    read("[HT36] it compares weakly", { "if-none-match": "W/{k.etag}" }, 304),
    read("[HT36] it takes a list", { "if-none-match": '"a", {k.etag} , "b"' }, 304),
    read("[HT36] * matches any row", { "if-none-match": "*" }, 304),
    read("[HT35] another tag answers the row", { "if-none-match": '"a", W/"b"' }, 200, { json: { title: "tag" } }),
    {
      ...read("[HT35] a row that has moved is sent", { "if-none-match": "{k.etag}" }, 200, { json: { count: 2 } }),
      given: moved,
    },
    {
      ...read("[HT35] HEAD answers 304 as GET does", { "if-none-match": "{k.etag}" }, 304),
      when: { to: "HEAD /api/kinds/{k.id}", headers: { "if-none-match": "{k.etag}" } },
    },
    read("[HT36] a malformed header is 400", { "if-none-match": "bare" }, 400, {
      json: { errors: [{ field: "If-None-Match" }] },
    }),
    {
      name: "[HT35] an absent row is 404 whatever the condition",
      when: { to: `GET /api/kinds/${ABSENT}`, headers: { "if-none-match": "*" } },
      status: 404,
    },
  ]);
});

describe("If-Match on reads", () => {
  scenarios([
    read("[HT35] a tag that holds answers the row", { "if-match": "{k.etag}" }, 200),
    read("[HT35] a tag that does not hold is 412", { "if-match": '"x"' }, 412, { json: { currentETag: "{k.etag}" } }),
    read("[HT35] If-Match comes before If-None-Match", { "if-match": '"x"', "if-none-match": "{k.etag}" }, 412),
    read(
      "[HT35] when If-Match holds, If-None-Match is looked at",
      { "if-match": "{k.etag}", "if-none-match": "{k.etag}" },
      304,
    ),
    read(
      "[HT35] date headers are ignored for rows",
      { "if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT", "if-unmodified-since": "Thu, 01 Jan 1970 00:00:00 GMT" },
      200,
    ),
    read("[HT36] a weak tag never matches If-Match", { "if-match": "W/{k.etag}" }, 412),
  ]);
});

describe("conditions on writes", () => {
  scenarios([
    write("[HT35] [E2] the present tag lets the write through", { "if-match": "{now.etag}" }, 200, {
      json: { count: 3 },
    }),
    write("[HT35] [E2] a stale tag is 412 with the present one", { "if-match": "{k.etag}" }, 412, {
      hasNot: ['"count"'],
    }),
    write("[HT36] a weak tag never matches", { "if-match": "W/{now.etag}" }, 412),
    write("[HT36] * matches a row that is there", { "if-match": "*" }, 200),
    write("[HT36] one of a list is enough", { "if-match": '"a",{k.etag}, {now.etag}' }, 200),
    write("[HT36] none of a list is 412", { "if-match": '"a", {k.etag}' }, 412),
    write("[HT36] an empty member of a list is passed over", { "if-match": ", {now.etag}," }, 200),
    write("[HT36] a tag without quotes is 400", { "if-match": "abc" }, 400, {
      json: { errors: [{ field: "If-Match", code: "malformed" }] },
    }),
    write("[HT36] an unclosed tag is 400", { "if-match": '"abc' }, 400),
    write("[HT36] * beside tags is 400", { "if-match": '*, "a"' }, 400),
    write("[HT36] an empty header is 400", { "if-match": "," }, 400),
    write("[HT35] If-None-Match with the present tag is 412 on a write", { "if-none-match": "{now.etag}" }, 412),
    write("[HT36] If-None-Match with the present tag as a weak one is 412", { "if-none-match": "W/{now.etag}" }, 412),
    write("[HT35] If-None-Match with another tag lets the write through", { "if-none-match": "{k.etag}" }, 200),
    write("[HT36] If-None-Match: * on a row that is there is 412", { "if-none-match": "*" }, 412),
    write(
      "[HT35] If-Match holds and If-None-Match does not: 412",
      { "if-match": "{now.etag}", "if-none-match": "*" },
      412,
    ),
    write(
      "[HT35] date headers are ignored on a write",
      { "if-unmodified-since": "Thu, 01 Jan 1970 00:00:00 GMT" },
      200,
    ),
    {
      name: "[HT33] If-Match compares epoch and version, not the shape",
      given: moved,
      when: { to: "PATCH /api/kinds/{k.id}", body: { count: 4 }, headers: { "if-match": "{now.etag}" } },
      status: 200,
      seq: 1,
      then: async ({ headers, kept }) => {
        const reshaped = (headers.get("etag") ?? "").replace(/[0-9a-f]{6}"$/, '000000"');
        expect(
          (await send({ to: `PATCH /api/kinds/${kept.k?.id}`, body: { count: 5 }, headers: { "if-match": reshaped } }))
            .status,
        ).toBe(200);
        const elsewhere = reshaped.replace(/^"[a-z2-7]{16}/, '"aaaaaaaaaaaaaaaa');
        expect(
          (await send({ to: `PATCH /api/kinds/${kept.k?.id}`, body: { count: 6 }, headers: { "if-match": elsewhere } }))
            .status,
        ).toBe(412);
      },
    },
    {
      name: "[HT36] If-Match: * on an absent row is 404 for PATCH",
      when: { to: `PATCH /api/kinds/${ABSENT}`, body: { count: 1 }, headers: { "if-match": "*" } },
      status: 404,
      seq: 0,
    },
    {
      name: "[HT36] If-Match: * on an absent row is 404 for DELETE",
      when: { to: `DELETE /api/kinds/${ABSENT}`, headers: { "if-match": "*" } },
      status: 404,
      seq: 0,
    },
    {
      name: "[HT35] DELETE with a stale tag is 412 and removes nothing",
      given: moved,
      when: { to: "DELETE /api/kinds/{k.id}", headers: { "if-match": "{k.etag}" } },
      status: 412,
      json: { currentETag: "{now.etag}" },
      seq: 0,
    },
    {
      name: "[HT35] DELETE with the present tag removes",
      given: moved,
      when: { to: "DELETE /api/kinds/{k.id}", headers: { "if-match": "{now.etag}" } },
      status: 204,
      seq: 1,
    },
    {
      name: "[HT24] [HT35] a condition is looked at although nothing would change",
      given: moved,
      when: { to: "PATCH /api/kinds/{k.id}", body: { count: 2 }, headers: { "if-match": "{k.etag}" } },
      status: 412,
      seq: 0,
    },
  ]);

  it("[HT37] [E3] of twenty writers with one tag exactly one wins, the others get the winner's tag", async () => {
    const made = await send(kind);
    const etag = made.headers.get("etag") ?? "";
    const before = await ledgerSeq("t/test/kinds");
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, count) =>
        send({ to: `PATCH /api/kinds/${made.body.id}`, body: { count: 100 + count }, headers: { "if-match": etag } }),
      ),
    );
    const winners = replies.filter(({ status }) => status === 200);
    expect(winners).toHaveLength(1);
    const losers = replies.filter(({ status }) => status !== 200);
    expect(new Set(losers.map(({ status }) => status))).toEqual(new Set([412]));
    expect(new Set(losers.map(({ body }) => body.currentETag))).toEqual(new Set([winners[0]?.headers.get("etag")]));
    expect((await ledgerSeq("t/test/kinds")) - before).toBe(1);
    expect((await send({ to: `GET /api/kinds/${made.body.id}` })).body.count).toBe(winners[0]?.body.count);
  });
});
