/** Problems as errors of the client: their class, and their fields. */

import { describe, expect, test } from "vitest";
import * as client from "../../src/client/ledge-client.ts";
import { errorFromReply } from "../../src/client/read-problem.ts";
import { problemReply } from "../../src/core/protocol/problem.ts";
import { PROBLEMS } from "../../src/core/protocol/problem-table.ts";

const NOW = Date.parse("2026-11-01T00:00:00Z");
const NO_HEADERS = { get: () => null };

const exported = new Map(Object.entries(client)) as ReadonlyMap<string, typeof client.LedgeError>;

const CLASSES: Readonly<Record<string, keyof typeof client>> = {
  "validation-error": "ValidationError",
  "malformed-body": "ValidationError",
  "filter-parse-error": "ValidationError",
  "cursor-invalid": "ValidationError",
  "cursor-expired": "ValidationError",
  "batch-limit-exceeded": "ValidationError",
  "transaction-limit-exceeded": "ValidationError",
  "query-too-expensive": "ValidationError",
  unauthorized: "AuthError",
  forbidden: "ForbiddenError",
  "not-found": "NotFoundError",
  "method-not-allowed": "NotFoundError",
  conflict: "ConflictError",
  "transaction-conflict": "ConflictError",
  "idempotency-in-progress": "ConflictError",
  "precondition-failed": "PreconditionError",
  "payload-too-large": "ValidationError",
  "unsupported-media-type": "ValidationError",
  "range-not-satisfiable": "ValidationError",
  "idempotency-mismatch": "ValidationError",
  "precondition-required": "PreconditionError",
  "rate-limit-exceeded": "RateLimitError",
  "subscription-limit-exceeded": "RateLimitError",
  "internal-error": "DatabaseError",
  "output-validation-error": "DatabaseError",
  overloaded: "DatabaseError",
  unavailable: "DatabaseError",
  "read-behind": "DatabaseError",
  "outcome-unknown": "DatabaseError",
  timeout: "TimeoutError",
};

describe("classes", () => {
  test("every problem of the server has its class here", () => {
    expect(Object.keys(CLASSES).sort()).toEqual(Object.keys(PROBLEMS).sort());
  });

  test.each(Object.entries(CLASSES))("[ER4] %s is a %s", (slug, name) => {
    const { status, title } = PROBLEMS[slug as keyof typeof PROBLEMS];
    const code = slug.toUpperCase().replaceAll("-", "_");
    const error = errorFromReply(status, JSON.stringify({ title, status, code }), NO_HEADERS, NOW);
    expect(error).toBeInstanceOf(exported.get(name));
    expect(error).toBeInstanceOf(client.LedgeError);
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.code, error.status]).toEqual([name, code, status]);
  });

  test("[ER4] a code of a later server has the class of its status, and what is no problem is a TransportError", () => {
    expect(errorFromReply(409, '{"code":"NEW_KIND"}', NO_HEADERS, NOW)).toBeInstanceOf(client.ConflictError);
    for (const text of ["", "<html>", "null", "[]", '{"status":502}']) {
      const error = errorFromReply(502, text, NO_HEADERS, NOW);
      expect([error.name, error.code, error.retryable]).toEqual(["TransportError", "HTTP_502", true]);
    }
    expect(errorFromReply(404, "gone", NO_HEADERS, NOW)).toMatchObject({ name: "TransportError", retryable: false });
  });
});

describe("fields", () => {
  test("[ER5] a problem's members are the error's", () => {
    const { status, body } = problemReply(
      {
        slug: "validation-error",
        errors: [
          { field: "title", message: "is required", code: "required" },
          { field: "items[3].title", message: "is too long" },
          { field: "title", message: "must be text" },
        ],
        index: 3,
      },
      { instance: "/api/tasks", requestId: "r-1" },
    );
    const error = errorFromReply(status, body, NO_HEADERS, NOW);
    expect({ ...error, message: error.message }).toEqual({
      name: "ValidationError",
      code: "VALIDATION_ERROR",
      status: 400,
      message: "title is required; items[3].title is too long; title must be text",
      details: { index: 3 },
      fieldErrors: { title: ["is required", "must be text"], "items[3].title": ["is too long"] },
      retryable: false,
      requestId: "r-1",
      timestamp: "2026-11-01T00:00:00.000Z",
    });
  });

  test("[ER5] headers serve where the body says nothing", () => {
    const headers = { get: (name: string) => ({ "retry-after": "7", "x-request-id": "r-2" })[name] ?? null };
    expect(errorFromReply(503, "busy", headers, NOW)).toMatchObject({ requestId: "r-2", details: { retryAfter: 7 } });
  });

  test("[ER6] an application makes its own, with fields, details and cause", () => {
    const cause = new Error("inner");
    const error = new client.ValidationError("The dates do not fit", {
      fieldErrors: { endsAt: "must be after startsAt", title: ["is too long", "is vulgar"] },
      details: { form: "trip" },
      cause,
    });
    expect(error).toMatchObject({
      name: "ValidationError",
      code: "VALIDATION_ERROR",
      status: 400,
      message: "The dates do not fit",
      fieldErrors: { endsAt: ["must be after startsAt"], title: ["is too long", "is vulgar"] },
      details: { form: "trip" },
      cause,
      retryable: false,
    });
    expect(Date.parse(error.timestamp)).toBeGreaterThan(NOW - 1e12);
    expect(new client.RateLimitError("Slow down").retryable).toBe(true);
    expect("cause" in new client.CacheError("Broken")).toBe(false);
    class OutOfStock extends client.ConflictError {}
    expect(new OutOfStock("None left")).toBeInstanceOf(client.ConflictError);
  });
});
