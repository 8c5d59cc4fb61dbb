/** Hooks beside each other ([HT31] [HK2] [HK3]): a row that moves while its hook waits, and hooks made of hooks. */

import { afterEach, describe, expect, it } from "vitest";
import { ledgerSeq, type Step, scenarios, send } from "../support/scenario.ts";
import { hookLog, meanwhile } from "../support/test-tables.ts";

const OBJECT = "t/test/hooked";
const row: Step = { to: "POST /api/hooked", body: { title: "row" }, as: "h" };

afterEach(() => {
  meanwhile.run = null;
});

describe("a row that moves while its hook waits", () => {
  /** Another writer changes the row whenever the hook looks at it; `times` is how often at most. */
  const interfere = (times: number) => {
    let left = times;
    meanwhile.run = async (id) => {
      if (left <= 0) return;
      left -= 1;
      const again = meanwhile.run;
      meanwhile.run = null;
      await send({ to: `PATCH /api/hooked/${id}`, body: { inner: `moved ${left}` } });
      meanwhile.run = again;
    };
  };

  it("[HT31] the hook runs again on the row as it now is, and both changes stand", async () => {
    const made = await send(row);
    interfere(1);
    hookLog.length = 0;
    const reply = await send({ to: `PATCH /api/hooked/${made.body.id}`, body: { title: "second" } });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ title: "second", inner: "moved 0" });
    expect(hookLog.filter((line) => line === "beforeUpdate row")).toHaveLength(3);
    expect(hookLog.at(-1)).toBe("onWrite update second");
  });

  it("[HT31] after three runs the write is 409 contended", async () => {
    const made = await send(row);
    interfere(99);
    const before = await ledgerSeq(OBJECT);
    hookLog.length = 0;
    const reply = await send({ to: `PATCH /api/hooked/${made.body.id}`, body: { title: "never" } });
    expect(reply.status).toBe(409);
    expect(reply.body).toMatchObject({ code: "CONFLICT", reason: "contended" });
    expect(hookLog).not.toContain("onWrite update never");
    expect((await ledgerSeq(OBJECT)) - before).toBe(3);
  });
});

describe("hooks made of hooks", () => {
  scenarios([
    {
      name: "[HK2] before-hooks run left to right, each on what the one before made",
      when: { to: "POST /api/stamped", body: { title: "t" } },
      status: 201,
      json: { title: "t-1-2" },
      hooks: ["first", "second t-1"],
      seq: 1,
    },
    {
      name: "[HK3] timestampHooks fills createdAt, updatedAt and the owner",
      when: { user: "alice", to: "POST /api/stamped", body: { title: "t", createdAt: 5, ownerId: "eve" } },
      status: 201,
      json: { ownerId: "alice" },
      has: [/"createdAt":"20[^"]+","updatedAt":"20/],
      seq: 1,
      then: ({ body }) => void expect(body.createdAt).toBe(body.updatedAt),
    },
    {
      name: "[HK3] an update moves updatedAt and keeps createdAt and owner",
      given: [{ user: "alice", to: "POST /api/stamped", body: { title: "t" }, as: "s" }],
      when: { user: "bob", to: "PATCH /api/stamped/{s.id}", body: { title: "u", createdAt: 5 } },
      status: 200,
      json: { title: "u", ownerId: "alice", createdAt: "{s.createdAt}" },
      seq: 1,
    },
    {
      name: "[HK3] a replace keeps createdAt and owner",
      given: [{ user: "alice", to: "POST /api/stamped", body: { title: "t" }, as: "s" }],
      when: { user: "bob", to: "PUT /api/stamped/{s.id}", body: { title: "p" } },
      status: 200,
      json: { title: "p", ownerId: "alice", createdAt: "{s.createdAt}" },
      seq: 1,
    },
  ]);
});
