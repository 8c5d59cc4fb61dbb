/** Problems as data: what each fault looks like when nothing more is known. */

import { expect, test } from "vitest";
import type { FaultData } from "../../../src/core/fault.ts";
import { problemReply } from "../../../src/core/protocol/problem.ts";

const BARE: readonly FaultData[] = [
  { slug: "cursor-expired" },
  { slug: "idempotency-in-progress", retryAfter: 1 },
  { slug: "idempotency-mismatch" },
  { slug: "rate-limit-exceeded", retryAfter: 3 },
  { slug: "overloaded", retryAfter: 1 },
  { slug: "unavailable", retryAfter: 60 },
  { slug: "read-behind", retryAfter: 1 },
  { slug: "outcome-unknown", retryAfter: 1, idempotencyKey: "k" },
  { slug: "timeout" },
];

test.each(BARE)("[HT70] a problem says what to do, also when its fault brings no text: $slug", (fault) => {
  const { title, detail } = JSON.parse(problemReply(fault, { instance: "/", requestId: "r" }).body) as {
    title: string;
    detail?: string;
  };
  expect(detail).toMatch(/^[A-Z].{9,}/);
  expect(detail).not.toBe(title);
});

test("[HT70] a fault of the server has no detail: its cause is in the log", () => {
  const reply = problemReply({ slug: "internal-error" }, { instance: "/", requestId: "r" });
  expect(JSON.parse(reply.body)).not.toHaveProperty("detail");
});
