/** The sign-up of the documentation, run ([TX1] [HT62]). */

import { describe, expect, it } from "vitest";
import { inspect, ledgerSeq, send } from "../support/scenario.ts";
import { delivered } from "../support/test-tables.ts";

const OBJECT = "t/test/members";
const TABLES = ["members", "member_profiles", "member_settings", "member_subscriptions"];
const counts = async () =>
  Promise.all(TABLES.map(async (table) => Number((await inspect(OBJECT, `SELECT count(*) AS n FROM ${table}`))[0]?.n)));
const body = (email: string, more: object = {}) => ({ email, password: "correct horse", name: "Ann", ...more });
const signUp = (given: object, headers: Record<string, string> = {}) =>
  send({ to: "POST /api/sign-up", body: given, headers });

describe("signing up", () => {
  it("[TX1] [HT62] makes a member with all that belongs to it, in one commit; a subscription only where the plan has one", async () => {
    const free = await signUp(body("free@x.example"));
    expect(free.status, free.text).toBe(201);
    expect(free.body).toEqual({ id: expect.any(String), plan: "free" });
    expect(await counts()).toEqual([1, 1, 1, 0]);
    expect(await ledgerSeq(OBJECT)).toBe(1);
    const team = await signUp(body("team@x.example", { plan: "team" }));
    expect(team.body).toMatchObject({ plan: "team" });
    expect(await counts()).toEqual([2, 2, 2, 1]);
    expect(await ledgerSeq(OBJECT)).toBe(2);
    expect(team.text + free.text).not.toMatch(/hash|horse/);
    const [settings] = await inspect(OBJECT, "SELECT * FROM member_settings ORDER BY id");
    expect(settings).toMatchObject({ member_id: free.body.id, theme: "light" });
    await expect
      .poll(() => delivered.filter(({ key }) => key.startsWith("members:")).map(({ payload }) => payload))
      .toEqual([{ memberId: free.body.id }, { memberId: team.body.id }]);
  });

  it("[TX1] [TX33] a taken address leaves nothing behind; a key makes repeating safe", async () => {
    const headers = { "idempotency-key": "signup-1" };
    const first = await signUp(body("once@x.example", { plan: "company" }), headers);
    const before = await counts();
    expect((await signUp(body("once@x.example", { plan: "company" }), headers)).body).toEqual(first.body);
    const taken = await signUp(body("once@x.example"));
    expect(taken.body).toMatchObject({ status: 409, reason: "unique", fields: ["email"], index: 0, as: "member" });
    expect((await signUp({ email: "no", password: "short" })).body.errors).toHaveLength(3);
    expect(await counts()).toEqual(before);
  });
});
