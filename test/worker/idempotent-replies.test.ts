/** Replies stored for an Idempotency-Key ([HT42] [HT43] [M13]): what a repeated request answers, and what is no repetition. */

import { describe, expect } from "vitest";
import { type Step, scenarios } from "../support/scenario.ts";

/** A create under a key. */
const create = (key: string, title = "once", more: Partial<Step> = {}): Step => ({
  to: "POST /api/kinds",
  body: { title },
  headers: { "idempotency-key": key },
  as: "first",
  ...more,
});

describe("a repeated request", () => {
  scenarios([
    {
      name: "[HT42] [M13] the same request again is the stored reply, with no second effect",
      given: [create("r1")],
      when: create("r1"),
      status: 201,
      json: { id: "{first.id}", title: "once" },
      headers: {
        "idempotency-replayed": "true",
        "ledge-seq": "{first.seqToken}",
        etag: "{first.etag}",
        location: /^\/api\/kinds\//,
      },
      seq: 0,
    },
    {
      name: "[HT42] the first reply is no replay",
      when: create("r2"),
      status: 201,
      headers: { "idempotency-replayed": null },
      seq: 1,
    },
    {
      name: "[HT42] the stored position is that of the first time, whatever came after",
      given: [create("r3"), { to: "POST /api/kinds", body: { title: "later" } }],
      when: create("r3"),
      status: 201,
      headers: { "ledge-seq": "{first.seqToken}", "idempotency-replayed": "true" },
      seq: 0,
    },
    {
      name: "[HT42] members of the body in another order are the same request",
      given: [{ ...create("r4"), body: { title: "o", count: 2, data: { a: 1, b: 2 } } }],
      when: { ...create("r4"), body: { data: { b: 2, a: 1 }, count: 2, title: "o" } },
      status: 201,
      headers: { "idempotency-replayed": "true" },
      seq: 0,
    },
    {
      name: "[HT42] another body under the key is 422",
      given: [create("r5", "first body")],
      when: create("r5", "other body"),
      status: 422,
      json: { code: "IDEMPOTENCY_MISMATCH" },
      hasNot: ["first body", "{first.id}"],
      headers: { "idempotency-replayed": null },
      seq: 0,
    },
    {
      name: "[HT42] another path under the key is 422",
      given: [create("r6")],
      when: { to: "PATCH /api/kinds/{first.id}", body: { title: "once" }, headers: { "idempotency-key": "r6" } },
      status: 422,
      seq: 0,
    },
    {
      name: "[HT42] another method under the key is 422",
      given: [
        { to: "POST /api/kinds", body: { title: "m" }, as: "k" },
        { to: "PATCH /api/kinds/{k.id}", body: { title: "n" }, headers: { "idempotency-key": "r7" } },
      ],
      when: { to: "PUT /api/kinds/{k.id}", body: { title: "n" }, headers: { "idempotency-key": "r7" } },
      status: 422,
      seq: 0,
    },
    {
      name: "[HT42] another If-Match under the key is 422",
      given: [
        { to: "POST /api/kinds", body: { title: "m" }, as: "k" },
        {
          to: "PATCH /api/kinds/{k.id}",
          body: { title: "n" },
          headers: { "idempotency-key": "r8", "if-match": "{k.etag}" },
        },
      ],
      when: { to: "PATCH /api/kinds/{k.id}", body: { title: "n" }, headers: { "idempotency-key": "r8" } },
      status: 422,
      seq: 0,
    },
    {
      name: "[HT42] a replay comes before preconditions",
      given: [
        { to: "POST /api/kinds", body: { title: "m" }, as: "k" },
        {
          to: "PATCH /api/kinds/{k.id}",
          body: { title: "n" },
          headers: { "idempotency-key": "r9", "if-match": "{k.etag}" },
          as: "first",
        },
      ],
      when: {
        to: "PATCH /api/kinds/{k.id}",
        body: { title: "n" },
        headers: { "idempotency-key": "r9", "if-match": "{k.etag}" },
      },
      status: 200,
      json: { title: "n" },
      headers: { "idempotency-replayed": "true", etag: "{first.etag}" },
      seq: 0,
    },
    {
      name: "[HT42] a replay comes before 404: a delete repeated is the stored 204",
      given: [
        { to: "POST /api/kinds", body: { title: "m" }, as: "k" },
        { to: "DELETE /api/kinds/{k.id}", headers: { "idempotency-key": "r10" } },
      ],
      when: { to: "DELETE /api/kinds/{k.id}", headers: { "idempotency-key": "r10" } },
      status: 204,
      headers: { "idempotency-replayed": "true" },
      seq: 0,
    },
    {
      name: "[HT42] a replay comes before hooks",
      given: [{ to: "POST /api/hooked", body: { title: "once" }, headers: { "idempotency-key": "r11" }, as: "h" }],
      when: { to: "POST /api/hooked", body: { title: "once" }, headers: { "idempotency-key": "r11" } },
      status: 201,
      json: { id: "{h.id}" },
      headers: { "idempotency-replayed": "true" },
      seq: 0,
      hooks: [],
    },
    {
      name: "[HT43] a write that changed nothing is recorded too",
      given: [
        { to: "POST /api/kinds", body: { title: "same" }, as: "k" },
        { to: "PATCH /api/kinds/{k.id}", body: { title: "same" }, headers: { "idempotency-key": "r12" } },
        { to: "PATCH /api/kinds/{k.id}", body: { title: "moved" } },
      ],
      when: { to: "PATCH /api/kinds/{k.id}", body: { title: "same" }, headers: { "idempotency-key": "r12" } },
      status: 200,
      json: { title: "same" },
      headers: { "idempotency-replayed": "true", "ledge-seq": "{k.seqToken}" },
      seq: 0,
    },
    {
      name: "[HT42] an underscore parameter is no part of the request",
      given: [create("r13")],
      when: { ...create("r13"), to: "POST /api/kinds?_retry=1" },
      status: 201,
      headers: { "idempotency-replayed": "true" },
      seq: 0,
    },
    {
      name: "[HT42] [HT12] a replay of a minimal reply is minimal",
      given: [{ ...create("r14"), headers: { "idempotency-key": "r14", prefer: "return=minimal" } }],
      when: { ...create("r14"), headers: { "idempotency-key": "r14", prefer: "return=minimal" } },
      status: 201,
      headers: { "idempotency-replayed": "true", location: /^\/api\/kinds\// },
      seq: 0,
      then: ({ text }) => void expect(text).toBe(""),
    },
  ]);
});
