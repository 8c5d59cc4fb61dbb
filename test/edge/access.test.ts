/** Who may do what: rules become scopes, and mistakes in rules deny. */

import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { describe, expect, test } from "vitest";
import type { ObjectCall } from "../../src/core/protocol/object-call.ts";
import type { AccessRules } from "../../src/define/config.ts";
import {
  authenticated,
  fullyPublic,
  orgBased,
  ownerOnly,
  ownerOrAdmin,
  publicReadOwnerWrite,
} from "../../src/define/presets.ts";
import { resource } from "../../src/define/resource.ts";
import { type App, defineApp } from "../../src/edge/define-app.ts";
import { client, ID } from "./client.ts";

function under(rules: AccessRules, log: unknown[] = []) {
  const table = sqliteTable("things", { id: text("id").primaryKey(), owner: text("owner"), org: text("org") });
  const app = defineApp({
    name: "test",
    resources: [resource(table, rules)],
    observability: { logLevel: "error", sink: (entry) => log.push(entry) },
  });
  return client(undefined, { app: app as unknown as App });
}

const scopeOf = (call: ObjectCall | undefined) => (call !== undefined && "scope" in call ? call.scope : undefined);

describe("rules", () => {
  const rows: [string, AccessRules, string | undefined, number, string?][] = [
    ["[HT28] nothing configured: 401 for the anonymous", {}, undefined, 401],
    ["[HT28] nothing configured: 403 for the signed-in", {}, "alice", 403],
    ["[Z4] the empty text denies", { auth: { read: "" } }, "alice", 403],
    ["[Z4] * allows", { auth: { read: "*" } }, "alice", 200, "*"],
    ["[HT28] an own rule does not open to the anonymous", { auth: { read: "*" } }, undefined, 401],
    ["[Z3] public opens read", { public: true }, undefined, 200, "*"],
    ["[Z3] one operation may be public in part", { public: { read: 'org == "x"' } }, undefined, 200, 'org=="x"'],
    [
      "[Z1] a rule may be a function of the user",
      { auth: { read: (user) => `owner=="${user.id}"` } },
      "alice",
      200,
      'owner=="alice"',
    ],
    ["[Z1] a rule may be asynchronous", { auth: { read: async () => 'org  ==  "x"' } }, "alice", 200, 'org=="x"'],
    [
      "[HT28] public and own rule are joined by OR",
      { public: { read: 'org=="x"' }, auth: { read: 'owner=="alice";org!="y"' } },
      "alice",
      200,
      'org=="x",owner=="alice";org!="y"',
    ],
    [
      "[HT28] an own * wins over a public part",
      { public: { read: 'org=="x"' }, auth: { read: true } },
      "alice",
      200,
      "*",
    ],
    [
      "[HT28] a denied own rule leaves the public part",
      { public: { read: 'org=="x"' }, auth: { read: () => false } },
      "alice",
      200,
      'org=="x"',
    ],
  ];
  test.each(rows)("%s", async (_name, rules, as, status, scope) => {
    const { send, calls } = under(rules);
    const sent = await send("/api/things", as === undefined ? {} : { as });
    expect(sent.status, sent.text).toBe(status);
    expect(scopeOf(calls[0]?.call)).toBe(scope);
  });

  const mistakes: [string, AccessRules["auth"]][] = [
    [
      "throws",
      {
        read: () => {
          throw new Error("boom");
        },
      },
    ],
    ["rejects", { read: () => Promise.reject(new Error("boom")) }],
    ["gives a number", { read: (() => 1) as never }],
    ["gives no filter", { read: (user) => (user.id === "alice" ? "owner==" : "*") }],
    ["names an unknown column", { read: (user) => (user.id === "alice" ? 'nobody=="x"' : "*") }],
  ];
  test.each(mistakes)("[QL5] a rule that %s denies and is logged, with nothing of it shown", async (_name, auth) => {
    const log: unknown[] = [];
    const { send, calls } = under({ auth: auth ?? {} }, log);
    const sent = await send("/api/things", { as: "alice" });
    expect([sent.status, calls.length]).toEqual([403, 0]);
    expect(log).toHaveLength(1);
    expect(log[0]).toMatchObject({ level: "error", resource: "things", operation: "read" });
    expect(sent.text).not.toMatch(/boom|nobody|owner==/);
  });

  test("[HT26] a write carries the read scope beside its own, so that the object tells 403 from 404", async () => {
    const { send, calls } = under({ auth: { read: "*", update: 'owner=="a"', create: "" } });
    await send(`/api/things/${ID}`, { method: "PATCH", as: "alice", body: {} });
    expect(calls[0]?.call).toMatchObject({ scopes: { read: "*", update: 'owner=="a"' } });
  });

  test("[HT25] a PUT may create only under the create scope, and only an id that a create could give", async () => {
    const rules = { auth: { read: "*", update: "*", create: 'owner=="a"' } };
    const { send, calls } = under(rules);
    await send(`/api/things/${ID}`, { method: "PUT", as: "alice", body: {} });
    await send(`/api/things/${ID.replace("-7", "-4")}`, { method: "PUT", as: "alice", body: {} });
    expect(calls.map(({ call }) => call)).toMatchObject([
      { intent: { mayCreate: true }, scopes: { create: 'owner=="a"' } },
      { intent: { mayCreate: false } },
    ]);
    const readOnly = under({ auth: { read: "*" } });
    expect((await readOnly.send(`/api/things/${ID}`, { method: "PUT", as: "alice", body: {} })).status).toBe(403);
  });

  test("[HT49] removing for real needs its own scope", async () => {
    const { send, calls } = client();
    expect((await send(`/api/notes/${ID}?hard=true`, { method: "DELETE", as: "alice" })).status).toBe(403);
    expect((await send(`/api/notes/${ID}`, { method: "DELETE", as: "alice" })).status).toBe(200);
    expect((await send(`/api/notes/${ID}?hard=yes`, { method: "DELETE", as: "alice" })).status).toBe(400);
    expect(calls.map(({ call }) => call)).toMatchObject([
      { intent: { hard: false }, scopes: { delete: "*", readDeleted: "rank==1" } },
    ]);
  });

  test("[QL55] withDeleted needs the scope readDeleted, and a table with soft delete", async () => {
    const { send, calls } = client();
    await send("/api/notes?withDeleted=true", { as: "alice" });
    expect(calls[0]?.call).toMatchObject({ withDeleted: { scope: "rank==1" } });
    expect((await send("/api/notes?withDeleted=true")).status).toBe(401);
    expect((await send("/api/strict?withDeleted=true", { as: "alice" })).status).toBe(400);
    expect((await send("/api/notes?withDeleted=1", { as: "alice" })).status).toBe(400);
  });

  test("[HT20] the caller's rights come before the id, the parameters and the body", async () => {
    const { send } = client();
    expect((await send("/api/closed/nonsense?x=1", { as: "alice" })).status).toBe(403);
    expect(
      (await send("/api/closed", { method: "POST", as: "alice", raw: "{", headers: { "content-type": "text/plain" } }))
        .status,
    ).toBe(403);
    expect((await send("/api/closed/nonsense", { method: "DELETE" })).status).toBe(401);
  });
});

describe("presets", () => {
  const all = { read: 'owner=="alice"', create: 'owner=="alice"', update: 'owner=="alice"', delete: 'owner=="alice"' };
  const rows: [string, AccessRules, string | undefined, { read: string; create: string }][] = [
    ["[Z5] ownerOnly", ownerOnly("owner"), "alice", all],
    ["[Z5] publicReadOwnerWrite, the owner", publicReadOwnerWrite("owner"), "alice", { read: "*", create: all.create }],
    ["[Z5] ownerOrAdmin, an owner", ownerOrAdmin("owner"), "alice", all],
    ["[Z5] ownerOrAdmin, an administrator", ownerOrAdmin("owner"), "alice,role=admin", { read: "*", create: "*" }],
    ["[Z5] orgBased, by one id", orgBased("org"), "alice,orgId=x", { read: 'org=="x"', create: 'org=="x"' }],
    [
      "[Z5] orgBased, by several",
      orgBased("org", { claim: "o" }),
      "alice,o=x,o=y",
      { read: 'org=in=("x","y")', create: 'org=in=("x","y")' },
    ],
    ["[Z5] orgBased, by none", orgBased("org"), "alice", { read: "", create: "" }],
    ["[Z5] authenticated", authenticated(), "alice", { read: "*", create: "*" }],
    ["[Z5] authenticated, nobody", authenticated(), undefined, { read: "", create: "" }],
    ["[Z5] fullyPublic, nobody", fullyPublic(), undefined, { read: "*", create: "*" }],
    [
      "[Z5] an id with quotes cannot break out of its filter",
      ownerOnly("owner"),
      'a"=="a',
      { read: 'owner=="a\\"==\\"a"', create: 'owner=="a\\"==\\"a"' },
    ],
  ];
  test.each(rows)("%s", async (_name, rules, as, { read, create }) => {
    const { send, calls } = under(rules);
    const who = as === undefined ? {} : { as };
    await send("/api/things", who);
    await send("/api/things", { ...who, method: "POST", body: {} });
    const [listed, made] = [
      calls.find(({ call }) => call.op === "list"),
      calls.find(({ call }) => call.op === "write"),
    ];
    expect(scopeOf(listed?.call) ?? "").toBe(read);
    expect(made?.call.op === "write" ? made.call.scopes.create : "").toBe(create);
  });
});
