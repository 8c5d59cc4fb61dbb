/** Who may do what ([HT28] [Z1]–[Z6]): deny by default, presets, what is public, rules that fail. */

import { describe, expect, it } from "vitest";
import { loggedWhile, type Scenario, type Step, scenarios, send } from "../support/scenario.ts";

const ID = "0198c0de-0000-7000-8000-000000000000";
const CHALLENGE = { "www-authenticate": 'Bearer realm="ledge"' };
const steps: readonly [string, Step][] = [
  ["a list", { to: "GET /api/denied" }],
  ["a read", { to: `GET /api/denied/${ID}` }],
  ["a count", { to: "GET /api/denied/count" }],
  ["a create", { to: "POST /api/denied", body: { name: "n" } }],
  ["a patch", { to: `PATCH /api/denied/${ID}`, body: { name: "n" } }],
  ["a replace", { to: `PUT /api/denied/${ID}`, body: { name: "n" } }],
  ["a delete", { to: `DELETE /api/denied/${ID}` }],
];

describe("scopes that are not configured deny", () => {
  scenarios(
    steps.flatMap(([what, when]): Scenario[] => [
      {
        name: `[HT28] [Z4] ${what} is 401 for an anonymous caller, with a challenge`,
        when,
        status: 401,
        json: { code: "UNAUTHORIZED" },
        headers: CHALLENGE,
        seq: 0,
      },
      {
        name: `[HT28] [Z4] ${what} is 403 for a signed-in caller`,
        when: { user: "alice,role=admin", ...when },
        status: 403,
        json: { code: "FORBIDDEN" },
        headers: { "www-authenticate": null },
        seq: 0,
      },
    ]),
  );
});

describe("presets", () => {
  const mine = (table: string, more: object = {}): Step => ({
    user: "alice",
    to: `POST /api/${table}`,
    body: { ownerId: "alice", title: "alice's own", ...more },
    as: "r",
  });
  const diary: Step = {
    user: "alice",
    to: "POST /api/diaries",
    body: { ownerId: "alice", entry: "alice's own" },
    as: "r",
  };
  const shown = { status: 200, has: ["alice's own"] };
  const hidden = { status: 404, hasNot: ["alice's own"] };
  scenarios([
    {
      name: "[Z5] ownerOnly: the owner reads",
      given: [diary],
      when: { user: "alice", to: "GET /api/diaries/{r.id}" },
      ...shown,
    },
    {
      name: "[Z5] ownerOnly: another user sees nothing",
      given: [diary],
      when: { user: "bob", to: "GET /api/diaries/{r.id}" },
      ...hidden,
    },
    {
      name: "[Z5] ownerOnly: another user's list is without it",
      given: [diary],
      when: { user: "bob", to: "GET /api/diaries" },
      status: 200,
      hasNot: ["alice's own"],
    },
    {
      name: "[Z5] ownerOnly: an anonymous caller is 401",
      given: [diary],
      when: { to: "GET /api/diaries/{r.id}" },
      status: 401,
      hasNot: ["alice's own"],
    },
    {
      name: "[Z5] ownerOnly: nobody creates for another",
      when: { user: "bob", to: "POST /api/diaries", body: { ownerId: "alice", entry: "x" } },
      status: 403,
      seq: 0,
    },
    {
      name: "[Z5] publicReadOwnerWrite: everyone reads",
      given: [mine("posts")],
      when: { to: "GET /api/posts/{r.id}" },
      ...shown,
    },
    {
      name: "[Z5] publicReadOwnerWrite: an anonymous caller may not write",
      given: [mine("posts")],
      when: { to: "PATCH /api/posts/{r.id}", body: { title: "x" } },
      status: 401,
      seq: 0,
    },
    {
      name: "[Z5] publicReadOwnerWrite: another user may not write",
      given: [mine("posts")],
      when: { user: "bob", to: "DELETE /api/posts/{r.id}" },
      status: 403,
      seq: 0,
    },
    {
      name: "[Z5] publicReadOwnerWrite: the owner writes",
      given: [mine("posts")],
      when: { user: "alice", to: "PATCH /api/posts/{r.id}", body: { title: "new" } },
      status: 200,
      seq: 1,
    },
    {
      name: "[Z5] ownerOrAdmin: the administrator reads",
      given: [mine("cards")],
      when: { user: "root,role=admin", to: "GET /api/cards/{r.id}" },
      ...shown,
    },
    {
      name: "[Z5] ownerOrAdmin: another role does not",
      given: [mine("cards")],
      when: { user: "root,role=editor", to: "GET /api/cards/{r.id}" },
      ...hidden,
    },
    {
      name: "[Z5] [Z6] ownerOrAdmin: a claim that is called admin is no role",
      given: [mine("cards")],
      when: { user: "root,admin=true", to: "GET /api/cards/{r.id}" },
      ...hidden,
    },
    {
      name: "[Z5] ownerOrAdmin: the administrator writes for the owner",
      given: [mine("cards")],
      when: { user: "root,role=admin", to: "PATCH /api/cards/{r.id}", body: { title: "by root" } },
      status: 200,
      json: { ownerId: "alice" },
      seq: 1,
    },
    {
      name: "[Z5] authenticated: who is signed in reads",
      given: [{ user: "alice", to: "POST /api/notices", body: { title: "alice's own" }, as: "r" }],
      when: { user: "bob", to: "GET /api/notices/{r.id}" },
      ...shown,
    },
    {
      name: "[Z5] authenticated: an anonymous caller does not",
      when: { to: "GET /api/notices" },
      status: 401,
      hasNot: ["alice's own"],
    },
    {
      name: "[Z5] authenticated: an anonymous caller does not create",
      when: { to: "POST /api/notices", body: { title: "x" } },
      status: 401,
      seq: 0,
    },
    {
      name: "[Z5] orgBased: members of the organization read",
      given: [
        { user: "alice,orgId=acme", to: "POST /api/offices", body: { orgId: "acme", title: "alice's own" }, as: "r" },
      ],
      when: { user: "bob,orgId=acme", to: "GET /api/offices/{r.id}" },
      ...shown,
    },
    {
      name: "[Z5] orgBased: a claim may be a list",
      given: [
        { user: "alice,orgId=acme", to: "POST /api/offices", body: { orgId: "acme", title: "alice's own" }, as: "r" },
      ],
      when: { user: "eve,orgId=zeta,orgId=acme", to: "GET /api/offices/{r.id}" },
      ...shown,
    },
    {
      name: "[Z5] orgBased: others see nothing",
      given: [
        { user: "alice,orgId=acme", to: "POST /api/offices", body: { orgId: "acme", title: "alice's own" }, as: "r" },
      ],
      when: { user: "eve,orgId=zeta", to: "GET /api/offices/{r.id}" },
      ...hidden,
    },
    { name: "[Z5] orgBased: who has no claim is denied", when: { user: "eve", to: "GET /api/offices" }, status: 403 },
    {
      name: "[Z5] orgBased: nobody creates for another organization",
      when: { user: "eve,orgId=zeta", to: "POST /api/offices", body: { orgId: "acme", title: "x" } },
      status: 403,
      seq: 0,
    },
    {
      name: "[Z5] fullyPublic: everyone writes",
      when: { to: "POST /api/kinds", body: { title: "t" } },
      status: 201,
      seq: 1,
    },
  ]);
});

describe("what is public", () => {
  scenarios([
    {
      name: "[HT28] [Z3] public: { read } opens reading alone",
      when: { to: "POST /api/articles", body: { ownerId: "x", title: "t" } },
      status: 401,
      headers: CHALLENGE,
      seq: 0,
    },
    {
      name: "[Z3] what is public adds to the caller's own scope",
      given: [
        {
          user: "alice",
          to: "POST /api/articles",
          body: { ownerId: "alice", title: "opened", published: true },
          as: "a",
        },
      ],
      when: { user: "bob", to: "GET /api/articles/{a.id}" },
      status: 200,
      json: { title: "opened" },
    },
    {
      name: "[Z6] a role that the rule asks for",
      when: { user: "alice,role=editor,role=admin", to: `DELETE /api/articles/${ID}?hard=true` },
      status: 404,
      seq: 0,
    },
  ]);
});

describe("rules that fail", () => {
  scenarios([
    {
      name: "[Z1] [Z4] a rule that throws denies, and says nothing of why",
      when: { user: "thrower", to: "GET /api/faulty" },
      status: 403,
      json: { code: "FORBIDDEN", operation: "read" },
      hasNot: ["scope secret message", "Error", "at "],
    },
    {
      name: "[Z1] a rule that rejects denies",
      when: { user: "rejecter", to: "GET /api/faulty" },
      status: 403,
      hasNot: ["scope secret message"],
    },
    {
      name: "[Z1] a rule that gives no filter denies",
      when: { user: "garbler", to: "GET /api/faulty" },
      status: 403,
      hasNot: ["name=="],
    },
    { name: "[Z4] an empty rule denies", when: { user: "emptier", to: "GET /api/faulty" }, status: 403 },
    { name: "[Z4] a rule that gives false denies", when: { user: "somebody", to: "GET /api/faulty" }, status: 403 },
    { name: "[Z4] * allows", when: { user: "reader", to: "GET /api/faulty" }, status: 200 },
    { name: "[Z1] a rule may wait", when: { user: "waiter", to: "GET /api/faulty" }, status: 200 },
    {
      name: "[Z4] a write under a read rule that fails is a write all the same",
      when: { user: "thrower", to: "POST /api/faulty", body: { name: "n" } },
      status: 201,
      seq: 1,
    },
    { name: "[HT28] an anonymous caller is 401 where a rule would deny", when: { to: "GET /api/faulty" }, status: 401 },
  ]);

  it("[Z4] [OB2] a rule that fails leaves a log line with its cause", async () => {
    const lines = await loggedWhile(async () => {
      await send({ user: "thrower", to: "GET /api/faulty" });
      await send({ user: "rejecter", to: "GET /api/faulty" });
      await send({ user: "garbler", to: "GET /api/faulty" });
    });
    const failed = lines.filter(({ message }) => message === "scope rule failed, denied");
    expect(failed).toHaveLength(2);
    expect(failed[0]).toMatchObject({
      level: "error",
      resource: "faulty",
      operation: "read",
      error: "Error: scope secret message",
    });
    expect(lines.filter(({ message }) => message === "scope is not a filter, denied")).toHaveLength(1);
  });
});
