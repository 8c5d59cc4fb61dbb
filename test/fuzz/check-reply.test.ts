/** The fuzzer is only as good as what it looks for: replies with one thing wrong each, all of which `faultsOf` must notice. */

import { describe, expect, it } from "vitest";
import { faultsOf, type Seen } from "./check-reply.ts";
import { CANARY, VICTIM } from "./fuzz-app.ts";

const HEADERS = {
  "content-type": "application/problem+json",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "x-request-id": "r-1",
  traceparent: "00-11111111111111111111111111111111-2222222222222222-00",
  vary: "Authorization, Cookie, Origin",
  "cache-control": "private, no-store",
};
const PROBLEM = {
  type: "/_/problems/not-found",
  title: "There is no such thing",
  status: 404,
  code: "NOT_FOUND",
  instance: "/api/notes/x",
  requestId: "r-1",
};

function reply({
  headers = {},
  problem = {},
  text,
  ...rest
}: { headers?: Record<string, string | null>; problem?: object; text?: string } & Partial<
  Omit<Seen, "headers">
> = {}): Seen {
  const all = new Headers(HEADERS);
  for (const [name, value] of Object.entries(headers)) value === null ? all.delete(name) : all.set(name, value);
  return {
    method: "GET",
    path: "/api/notes/x",
    sent: "/api/notes/x",
    status: 404,
    headers: all,
    text: text ?? JSON.stringify({ ...PROBLEM, ...problem }),
    ...rest,
  };
}

const WRONG: Readonly<Record<string, Seen>> = {
  "a missing security header": reply({ headers: { "x-content-type-options": null } }),
  "a missing request id": reply({ headers: { "x-request-id": null } }),
  "a Vary without Origin": reply({ headers: { vary: "Authorization, Cookie" } }),
  "an answer that shared caches may keep": reply({ headers: { "cache-control": "public, max-age=60" } }),
  "a reflected origin": reply({ headers: { "access-control-allow-origin": "https://evil.example" } }),
  "another status than the problem's": reply({ status: 400 }),
  "an undeclared problem": reply({ problem: { type: "/_/problems/oops", code: "OOPS" } }),
  "an undeclared success": reply({ status: 299, text: "{}" }),
  "a code that is another's": reply({ problem: { code: "CONFLICT" } }),
  "a member nobody declared": reply({ problem: { stack: "x" } }),
  "an error that is no problem": reply({ headers: { "content-type": "text/plain" }, text: "Internal Server Error" }),
  "an explained defect": reply({
    status: 500,
    problem: {
      ...PROBLEM,
      type: "/_/problems/internal-error",
      title: "Something went wrong on our side",
      status: 500,
      code: "INTERNAL_ERROR",
      detail: "why",
    },
  }),
  "a 503 without Retry-After": reply({
    status: 503,
    problem: {
      type: "/_/problems/unavailable",
      title: "The service is not available",
      status: 503,
      code: "UNAVAILABLE",
      retryAfter: 1,
    },
  }),
  "a 401 without a challenge": reply({
    status: 401,
    problem: {
      type: "/_/problems/unauthorized",
      title: "Who you are could not be established",
      status: 401,
      code: "UNAUTHORIZED",
    },
  }),
  "a body for HEAD": reply({ method: "HEAD", status: 200, text: "x" }),
  "a text without a character set": reply({ status: 200, headers: { "content-type": "text/plain" }, text: "x" }),
  "a stack": reply({ problem: { detail: "Error: x\n    at run (src/edge/serve.ts:40:3)" } }),
  "an SQLite message": reply({ problem: { detail: "no such column: hidden" } }),
  "SQL text": reply({ problem: { detail: "SELECT * FROM notes WHERE id = ?" } }),
  "a table of the product's own": reply({ problem: { detail: "_replies" } }),
  "a secret": reply({ problem: { detail: "fuzz-secret-fuzz" } }),
  "a foreign row": reply({ problem: { detail: CANARY } }),
  "a foreign user": reply({ headers: { location: `/api/@${VICTIM}/papers` } }),
  "a type error": reply({ problem: { detail: "TypeError: x is not a function" } }),
};

describe("what the fuzzer looks for", () => {
  it("[HT70] a proper reply has no faults", () => {
    expect(faultsOf(reply())).toEqual([]);
  });

  it.each(Object.entries(WRONG))("[HT70] %s is noticed", (_, seen) => {
    expect(faultsOf(seen)).not.toEqual([]);
  });

  it("[HT70] what was sent and comes back is no leak", () => {
    expect(faultsOf(reply({ problem: { detail: "no such table" }, sent: "?x=no such table" }))).toEqual([]);
  });
});
