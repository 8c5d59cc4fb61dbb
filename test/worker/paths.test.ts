/** Paths and methods of the tables ([HT1] [HT2] [HT11] [HT13]): what is there, what is not, and which methods it takes. */

import { describe, expect } from "vitest";
import { scenarios } from "../support/scenario.ts";

const NOT_FOUND = { code: "NOT_FOUND", status: 404 };
const row = { given: [{ to: "POST /api/kinds", body: { title: "path" }, as: "row" }] };

describe("paths", () => {
  scenarios([
    {
      name: "[HT1] a trailing slash is ignored on a collection",
      when: { to: "GET /api/kinds/" },
      status: 200,
      has: ['"items":'],
      seq: 0,
    },
    {
      name: "[HT1] a trailing slash is ignored on a row",
      ...row,
      when: { to: "GET /api/kinds/{row.id}/" },
      status: 200,
      json: { id: "{row.id}" },
    },
    {
      name: "[HT1] a create with a trailing slash names the row's address without a second one",
      when: { to: "POST /api/kinds/", body: { title: "slash" } },
      status: 201,
      headers: { location: /^\/api\/kinds\/[0-9a-f-]{36}$/ },
      seq: 1,
    },
    {
      name: "[HT1] an unknown table is 404 for an anonymous caller",
      when: { to: "GET /api/nothing" },
      status: 404,
      json: NOT_FOUND,
      hasNot: [/kinds/],
    },
    {
      name: "[HT1] an unknown table is 404 for a signed-in caller",
      when: { user: "alice", to: "POST /api/nothing", body: {} },
      status: 404,
      json: NOT_FOUND,
    },
    { name: "[HT1] a table's name is told by case", when: { to: "GET /api/Kinds" }, status: 404, json: NOT_FOUND },
    { name: "[HT1] data lives under the base path only", when: { to: "GET /kinds" }, status: 404, json: NOT_FOUND },
    {
      name: "[HT1] deeper paths than a table has are 404",
      ...row,
      when: { to: "GET /api/kinds/{row.id}/more" },
      status: 404,
      json: NOT_FOUND,
    },
    {
      name: "[HT1] an id is percent-decoded once",
      given: [{ to: "POST /api/slugs", body: { id: "a~b", slug: "decoded" } }],
      when: { to: "GET /api/slugs/a%7Eb" },
      status: 200,
      json: { id: "a~b" },
    },
    {
      name: "[HT1] an id is not percent-decoded twice",
      when: { to: "GET /api/slugs/a%257Eb" },
      status: 404,
      json: NOT_FOUND,
    },
    {
      name: "[HT1] a malformed escape names nothing",
      when: { to: "GET /api/slugs/%E0%A4%A" },
      status: 404,
      json: NOT_FOUND,
    },
    {
      name: "[HT1] a partitioned table has no path without its partition",
      when: { to: "GET /api/items_split" },
      status: 404,
      json: NOT_FOUND,
    },
    {
      name: "[HT1] an unpartitioned table has no path with a partition",
      when: { to: "GET /api/@p1/items_alone" },
      status: 404,
      json: NOT_FOUND,
    },
    {
      name: "[HT2] a static segment wins over an id",
      when: { to: "GET /api/slugs/count" },
      status: 200,
      json: { count: expectNumber() },
    },
    {
      name: "[HT2] an id that a static segment hides cannot be created",
      when: { to: "POST /api/slugs", body: { id: "count", slug: "x" } },
      status: 400,
      json: { code: "VALIDATION_ERROR", errors: [{ field: "id" }] },
      seq: 0,
    },
    {
      name: "[HT2] every reserved segment is refused as an id, by PUT too",
      when: { to: "PUT /api/slugs/live", body: { slug: "x" } },
      status: 405,
      seq: 0,
    },
    {
      name: "[HT2] a segment that a later endpoint takes is no row",
      when: { to: "GET /api/slugs/sync" },
      status: 404,
      json: NOT_FOUND,
    },
  ]);
});

describe("methods", () => {
  scenarios([
    {
      name: "[HT11] HEAD on a row answers as GET does, without the body",
      ...row,
      when: { to: "HEAD /api/kinds/{row.id}" },
      status: 200,
      headers: {
        etag: /^"[a-z2-7]{16}:\d+:[0-9a-f]{6}"$/,
        "ledge-seq": /^[a-z2-7]{16}:\d+$/,
        "content-type": "application/json",
      },
      seq: 0,
      then: ({ text }) => {
        if (text !== "") throw new Error("HEAD has a body");
      },
    },
    {
      name: "[HT11] HEAD on a row that is not there is 404",
      when: { to: "HEAD /api/kinds/0198c0de-0000-7000-8000-000000000000" },
      status: 404,
    },
    {
      name: "[R10] HEAD on a list gives the total without rows",
      ...row,
      when: { to: "HEAD /api/kinds?totalCount=true" },
      status: 200,
      headers: { "x-total-count": /^[1-9]\d*$/ },
    },
    {
      name: "[HT11] a list without totalCount has no total",
      when: { to: "GET /api/kinds" },
      status: 200,
      headers: { "x-total-count": null },
      hasNot: ["totalCount"],
    },
    {
      name: "[HT11] another method on a collection is 405 with what it takes",
      when: { to: "DELETE /api/kinds" },
      status: 405,
      json: { code: "METHOD_NOT_ALLOWED" },
      headers: { allow: "GET, HEAD, OPTIONS, POST" },
      seq: 0,
    },
    {
      name: "[HT11] another method on a row is 405 with what it takes",
      ...row,
      when: { to: "POST /api/kinds/{row.id}", body: { title: "no" } },
      status: 405,
      headers: { allow: "DELETE, GET, HEAD, OPTIONS, PATCH, PUT" },
      seq: 0,
    },
    {
      name: "[HT11] another method on count is 405",
      when: { to: "POST /api/kinds/count", body: {} },
      status: 405,
      headers: { allow: "GET, HEAD, OPTIONS" },
    },
    {
      name: "[HT11] a method nobody knows is 405",
      when: { to: "PURGE /api/kinds" },
      status: 405,
      json: { code: "METHOD_NOT_ALLOWED" },
    },
    {
      name: "[HT11] OPTIONS says what the path takes",
      when: { to: "OPTIONS /api/kinds" },
      status: 204,
      headers: { allow: "GET, HEAD, OPTIONS, POST" },
    },
    { name: "[HT11] OPTIONS on an unknown table is 404", when: { to: "OPTIONS /api/nothing" }, status: 404 },
    {
      name: "[HT13] a capability switched off takes its method away",
      when: { to: "POST /api/fixed", body: { name: "x" } },
      status: 405,
      headers: { allow: "GET, HEAD, OPTIONS" },
      seq: 0,
    },
    {
      name: "[HT13] update and delete switched off leave a row to be read",
      when: { to: "PATCH /api/fixed/0198c0de-0000-7000-8000-000000000000", body: { name: "x" } },
      status: 405,
      headers: { allow: "GET, HEAD, OPTIONS" },
      seq: 0,
    },
    {
      name: "[HT13] PUT and DELETE go with their capabilities",
      when: { to: "DELETE /api/fixed/0198c0de-0000-7000-8000-000000000000" },
      status: 405,
      seq: 0,
    },
    {
      name: "[HT13] a path whose only method is switched off is 404",
      when: { to: "POST /api/fixed/0198c0de-0000-7000-8000-000000000000/restore" },
      status: 404,
      json: NOT_FOUND,
    },
    {
      name: "[R14] what is left of a table works",
      when: { to: "GET /api/fixed" },
      status: 200,
      json: { items: [], hasMore: false },
    },
  ]);
});

function expectNumber(): unknown {
  return expect.any(Number);
}
