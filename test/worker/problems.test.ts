/** Problems ([HT70] [ER1]): one form for every failure, a page for every slug, and nothing of the inside. */

import { env, SELF } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { problemCode } from "../../src/core/protocol/problem.ts";
import { PROBLEMS } from "../../src/core/protocol/problem-table.ts";
import { type Step, send } from "../support/scenario.ts";
import { app } from "../support/test-app.ts";

const ABSENT = "0198c0de-0000-7000-8000-000000000000";
/** A request for each failure that a single request can meet. */
const FAILURES: readonly {
  readonly slug: keyof typeof PROBLEMS;
  readonly step: Step;
  readonly extras?: object;
  readonly given?: Step;
}[] = [
  {
    slug: "validation-error",
    step: { to: "POST /api/kinds", body: {} },
    extras: { errors: [{ field: "title", message: "is required", code: "required" }] },
  },
  { slug: "malformed-body", step: { to: "POST /api/kinds" } },
  {
    slug: "filter-parse-error",
    step: { to: "GET /api/kinds?filter=titel==1" },
    extras: { parameter: "filter", reason: "unknown-field", position: 0, length: 5, suggestion: "title" },
  },
  { slug: "cursor-invalid", step: { to: "GET /api/kinds?cursor=nonsense" }, extras: { reason: "malformed" } },
  { slug: "unauthorized", step: { to: "GET /api/denied" } },
  {
    slug: "unauthorized",
    step: { to: "GET /api/kinds", headers: { authorization: "Bearer x" } },
    extras: { reason: "invalid-credentials" },
  },
  { slug: "forbidden", step: { user: "alice", to: "GET /api/denied" }, extras: { operation: "read" } },
  { slug: "not-found", step: { to: `GET /api/kinds/${ABSENT}` }, extras: { resource: "kinds", id: ABSENT } },
  { slug: "method-not-allowed", step: { to: "DELETE /api/kinds" } },
  {
    slug: "conflict",
    step: { to: "POST /api/children", body: { parentId: ABSENT } },
    extras: { reason: "foreign-key", field: "parentId" },
  },
  {
    slug: "precondition-failed",
    step: { to: `PUT /api/kinds/${ABSENT.replace(/0$/, "1")}`, body: { title: "x" }, headers: { "if-match": "*" } },
  },
  {
    slug: "payload-too-large",
    step: { to: "POST /api/kinds", body: { title: "x", data: "y".repeat(600_000) } },
    extras: { limit: 524_288 },
  },
  {
    slug: "unsupported-media-type",
    step: { to: "POST /api/kinds", raw: "x", headers: { "content-type": "text/csv" } },
    extras: { supported: ["application/json"] },
  },
  {
    slug: "idempotency-mismatch",
    given: { to: "POST /api/kinds", body: { title: "a" }, headers: { "idempotency-key": "problem" } },
    step: { to: "POST /api/kinds", body: { title: "b" }, headers: { "idempotency-key": "problem" } },
  },
  { slug: "internal-error", step: { to: "POST /api/hooked", body: { title: "boom-inside" } } },
];

describe("the form of a problem", () => {
  for (const { slug, step, extras = {}, given } of FAILURES) {
    it(`[HT70] ${slug} is problem+json with all its members: ${step.to.slice(0, 40)}`, async () => {
      if (given !== undefined) await send(given);
      const { status, headers, body, text } = await send({
        ...step,
        headers: { ...step.headers, "x-request-id": "problem-1" },
      });
      const path = step.to.split(" ")[1]?.split("?")[0];
      expect(headers.get("content-type")).toBe("application/problem+json");
      expect(body).toMatchObject({
        type: `/_/problems/${slug}`,
        title: PROBLEMS[slug].title,
        status: PROBLEMS[slug].status,
        code: problemCode(slug),
        instance: path,
        requestId: "problem-1",
        ...extras,
      });
      expect(status).toBe(PROBLEMS[slug].status);
      expect(body.allow).toBeUndefined();
      expect(text).not.toMatch(/SQLITE|SELECT |INSERT |\.ts\b|node_modules|at Object|"stack"|secret detail/);
    });
  }

  it("[HT70] Retry-After and retryAfter are the same number of seconds", async () => {
    const namespace = {
      getByName: () => ({
        call: () => Promise.reject(Object.assign(new Error("busy"), { overloaded: true, remote: true })),
      }),
    };
    const reply = await app.fetch(new Request("http://localhost/api/kinds"), {
      ...env,
      LEDGE_TABLES: namespace,
      LEDGE_LOG_LEVEL: "silent",
    } as never);
    expect([
      reply.status,
      reply.headers.get("retry-after"),
      ((await reply.json()) as { retryAfter: number }).retryAfter,
    ]).toEqual([503, "1", 1]);
  });

  it("[HT70] in production a 500 holds no message of the cause", async () => {
    const namespace = {
      getByName: () => {
        throw new TypeError("inner secret of the platform");
      },
    };
    const ask = (LEDGE_ENV: string) =>
      app.fetch(new Request("http://localhost/api/kinds"), {
        ...env,
        LEDGE_ENV,
        LEDGE_TABLES: namespace,
        LEDGE_LOG_LEVEL: "silent",
      } as never);
    const production = await (await ask("production")).text();
    expect(JSON.parse(production)).toMatchObject({ code: "INTERNAL_ERROR", status: 500 });
    expect(production).not.toMatch(/inner secret|Error:/);
    expect(await (await ask("development")).text()).toContain("inner secret");
  });
});

describe("the page of a problem", () => {
  for (const slug of Object.keys(PROBLEMS) as (keyof typeof PROBLEMS)[]) {
    it(`[HT3] [HT70] /_/problems/${slug} explains it`, async () => {
      const reply = await SELF.fetch(`http://localhost/_/problems/${slug}`);
      const text = await reply.text();
      expect(reply.status).toBe(200);
      expect(reply.headers.get("content-type")).toMatch(/^text\/(plain|html); charset=utf-8$/);
      for (const part of [PROBLEMS[slug].title, String(PROBLEMS[slug].status), problemCode(slug)])
        expect(text).toContain(part);
    });
  }

  it("[ER2] the list of problems is closed: each has a status of its own class, a title and an explanation", () => {
    for (const [slug, { status, title, help }] of Object.entries(PROBLEMS)) {
      expect(slug).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
      expect(title.length * help.length).toBeGreaterThan(0);
    }
    expect(new Set(Object.values(PROBLEMS).map(({ status }) => status))).toEqual(
      new Set([400, 401, 403, 404, 405, 409, 412, 413, 415, 416, 422, 428, 429, 500, 503, 504]),
    );
  });

  it("[HT3] an unknown slug is 404", async () => {
    for (const slug of ["nothing", "constructor", "__proto__", "toString"])
      expect((await send({ to: `GET /_/problems/${slug}` })).status).toBe(404);
  });
});
