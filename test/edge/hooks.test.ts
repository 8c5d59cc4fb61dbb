/** Hooks that run in the Worker: order, what they see, how often, and what they may throw. */

import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import type { ObjectCall, ObjectReply } from "../../src/core/protocol/object-call.ts";
import type { ResourceConfig } from "../../src/define/config.ts";
import { ConflictError, ForbiddenError, ValidationError } from "../../src/define/http-error.ts";
import { resource } from "../../src/define/resource.ts";
import { type App, defineApp } from "../../src/edge/define-app.ts";
import { client, ID } from "./client.ts";
import { answer, EPOCH, type Script } from "./fake-tables.ts";

const table = sqliteTable("things", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  slug: text("slug"),
  by: text("by"),
});
const row = { id: ID, name: "old", slug: null, by: null };
const loaded: ObjectReply = { kind: "loaded", row, version: 4, position: `${EPOCH}:4` };
const byOp =
  (replies: Partial<Record<ObjectCall["op"], ObjectReply>>): Script =>
  (call) =>
    replies[call.op] ?? answer();

function withHooks(config: ResourceConfig<typeof table>, script: Script = byOp({ load: loaded }), log: unknown[] = []) {
  const things = resource(table, {
    auth: { read: "*", create: "*", update: "*", delete: "*" },
    columns: { by: { input: false } },
    ...config,
  });
  const app = defineApp({
    name: "test",
    resources: [things],
    observability: { logLevel: "error", sink: (entry) => log.push(entry) },
  });
  return client(script, { app: app as unknown as App });
}
const post = { method: "POST", as: "alice", body: { name: "x", by: "mallory" } } as const;
const patch = { method: "PATCH", as: "alice", body: { name: "new" } } as const;

describe("before-hooks", () => {
  test("[HT31] a create hook sees the writable draft with its id, and may set any column", async () => {
    const seen: unknown[] = [];
    const { send, calls } = withHooks({
      hooks: {
        async onBeforeCreate(context, draft) {
          seen.push({ user: context.user.kind, draft: { ...draft } });
          return { ...draft, by: "hook", slug: "made" };
        },
      },
    });
    await send("/api/things", { ...post, body: { ...post.body, id: ID } });
    expect(seen).toEqual([{ user: "user", draft: { id: ID, name: "x" } }]);
    expect(calls.map(({ call }) => call.op)).toEqual(["write"]);
    expect(calls[0]?.call).toMatchObject({
      expectVersion: null,
      intent: { id: ID, input: { name: "x", by: "hook", slug: "made" } },
    });
  });

  test("[HT31] a draft changed in place counts too", async () => {
    const { send, calls } = withHooks({
      hooks: { onBeforeCreate: (_context, draft) => void Object.assign(draft, { slug: "in place" }) },
    });
    await send("/api/things", post);
    expect(calls[0]?.call).toMatchObject({ intent: { input: { name: "x", slug: "in place" } } });
  });

  test("[HT31] an update loads the row first, and writes only if it has not moved", async () => {
    const { send, calls } = withHooks({
      hooks: { onBeforeUpdate: (_context, { before, patch: given }) => ({ ...given, slug: `was ${before.name}` }) },
    });
    await send(`/api/things/${ID}`, patch);
    expect(calls.map(({ call }) => call.op)).toEqual(["load", "write"]);
    expect(calls[1]?.call).toMatchObject({ expectVersion: 4, intent: { input: { name: "new", slug: "was old" } } });
  });

  test("[HT31] when the row moved the hook runs again, three times in all, then 409 contended", async () => {
    let runs = 0;
    const moved: ObjectReply = {
      kind: "fault",
      fault: { slug: "conflict", reason: "contended" },
      position: `${EPOCH}:5`,
    };
    const hooks = { onBeforeUpdate: () => void runs++ };
    const { send } = withHooks({ hooks }, byOp({ load: loaded, write: moved }));
    const sent = await send(`/api/things/${ID}`, patch);
    expect([sent.status, sent.json.reason, runs]).toEqual([409, "contended", 3]);
    runs = 0;
    let writes = 0;
    const settled = withHooks({ hooks }, (call) => (call.op === "load" ? loaded : ++writes < 2 ? moved : answer()));
    expect([(await settled.send(`/api/things/${ID}`, patch)).status, runs]).toEqual([200, 2]);
  });

  test("[HT20] a fault of the load comes before the hook", async () => {
    let runs = 0;
    const missing: ObjectReply = {
      kind: "fault",
      fault: { slug: "not-found", resource: "things", id: ID },
      position: null,
    };
    const { send } = withHooks({ hooks: { onBeforeUpdate: () => void runs++ } }, byOp({ load: missing }));
    expect([(await send(`/api/things/${ID}`, patch)).status, runs]).toEqual([404, 0]);
  });

  test("[HT42] a stored reply comes before the hook, also on a create", async () => {
    let runs = 0;
    const { send, calls } = withHooks(
      { hooks: { onBeforeCreate: () => void runs++ } },
      byOp({ load: answer({ status: 201, isReplay: true }) }),
    );
    const sent = await send("/api/things", { ...post, headers: { "idempotency-key": "k" } });
    expect([sent.status, sent.headers.get("idempotency-replayed"), runs]).toEqual([201, "true", 0]);
    expect(calls.map(({ call }) => call.op)).toEqual(["load"]);
  });

  test("[HT31] a PUT runs the create hook on an absent row and expects it to stay absent", async () => {
    const ran: string[] = [];
    const hooks = { onBeforeCreate: () => void ran.push("create"), onBeforeUpdate: () => void ran.push("update") };
    const absent: ObjectReply = { kind: "loaded", row: null, version: null, position: `${EPOCH}:4` };
    const { send, calls } = withHooks({ hooks }, byOp({ load: absent }));
    await send(`/api/things/${ID}`, { ...patch, method: "PUT" });
    expect(ran).toEqual(["create"]);
    expect(calls[1]?.call).toMatchObject({ expectVersion: 0 });
  });

  test("[HT31] a delete hook sees the row and may forbid", async () => {
    const { send, calls } = withHooks({
      hooks: {
        onBeforeDelete(_context, before) {
          if (before.name === "old") throw new ForbiddenError("Old things stay");
        },
      },
    });
    const sent = await send(`/api/things/${ID}`, { method: "DELETE", as: "alice" });
    expect([sent.status, sent.json.detail]).toEqual([403, "Old things stay"]);
    expect(calls.map(({ call }) => call.op)).toEqual(["load"]);
  });

  test.each([
    [
      new ValidationError("Dates do not fit", { fieldErrors: { endsAt: ["is too early", "is odd"] } }),
      400,
      {
        detail: "Dates do not fit",
        errors: [
          { field: "endsAt", message: "is too early" },
          { field: "endsAt", message: "is odd" },
        ],
      },
    ],
    [new ConflictError("The project is closed"), 409, { detail: "The project is closed", reason: "expect" }],
  ])("[ER6] an error of the application answers as itself: %s", async (error, status, problem) => {
    const { send } = withHooks({
      hooks: {
        onBeforeCreate: () => {
          throw error;
        },
      },
    });
    const sent = await send("/api/things", post);
    expect(sent.status).toBe(status);
    expect(sent.json).toMatchObject(problem);
  });

  test("[HT70] any other error is a defect: logged, not shown", async () => {
    const log: unknown[] = [];
    const hooks = {
      onBeforeCreate: () => {
        throw new TypeError("oh no");
      },
    };
    const app = withHooks({ hooks }, undefined, log);
    expect((await app.send("/api/things", post)).status).toBe(500);
    expect(JSON.stringify(log)).toContain("oh no");
  });

  test("[HT22] what a hook sets is validated like input; values of code have a JSON form", async () => {
    const wrong = withHooks({ hooks: { onBeforeCreate: (_context, draft) => ({ ...draft, by: 7 }) as never } });
    expect((await wrong.send("/api/things", post)).json.errors).toMatchObject([{ field: "by", code: "type" }]);
    const made = withHooks({ hooks: { onBeforeCreate: (_context, draft) => ({ ...draft, slug: 12n }) as never } });
    await made.send("/api/things", post);
    expect(made.calls[0]?.call).toMatchObject({ intent: { input: { slug: "12" } } });
  });
});

describe("after-hooks", () => {
  test("[HT31] those that are not durable run after the reply with the change; a failure reaches the log only", async () => {
    const seen: unknown[] = [];
    const log: unknown[] = [];
    const hooks = {
      onAfterCreate: (change: unknown) => {
        seen.push(change);
        throw new Error("mail server down");
      },
    };
    const change = { table: "things", id: ID, op: "create" as const, before: null, after: row };
    const { send, calls, settled } = withHooks(
      { hooks },
      () => answer({ status: 201, position: `${EPOCH}:5`, changes: [change] }),
      log,
    );
    expect((await send("/api/things", post)).status).toBe(201);
    await settled();
    expect(calls[0]?.call).toMatchObject({ wantsChange: true });
    expect(seen).toEqual([{ op: "create", before: null, after: row, id: ID, key: "things:5:0", epoch: EPOCH, seq: 5 }]);
    expect(JSON.stringify(log)).toContain("mail server down");
  });

  test("[HT31] durable ones are the object's, so nothing is brought back for them", async () => {
    const { send, calls } = withHooks({ hooks: { onAfterCreate: { durable: true, run: () => undefined } } });
    await send("/api/things", post);
    expect(calls[0]?.call).toMatchObject({ wantsChange: false });
  });
});

describe("a schema of the application", () => {
  const schema = z.object({
    name: z.string().trim().min(2),
    slug: z
      .string()
      .regex(/^[a-z]+$/, "must be lower case")
      .nullish(),
  });

  test("[VA1] runs beside the table's own rules, all errors at once, one per field", async () => {
    const { send } = withHooks({ schema });
    const sent = await send("/api/things", { ...post, body: { name: 5, slug: "UP" } });
    expect(sent.json.errors).toEqual([
      { field: "name", message: "must be text", code: "type" },
      { field: "slug", message: "must be lower case", code: "schema" },
    ]);
  });

  test("[VA1] what it makes of the input is what is written", async () => {
    const { send, calls } = withHooks({ schema });
    await send("/api/things", { ...post, body: { name: "  padded  " } });
    expect(calls[0]?.call).toMatchObject({ intent: { input: { name: "padded" } } });
  });

  test.each([
    ["a Zod object, made partial", schema],
    ["a Zod object with a refinement, which cannot be made partial", schema.refine(() => true)],
  ])("[VA1] a patch is held to the fields it gives: %s", async (_name, given) => {
    const { send, calls } = withHooks({ schema: given });
    await send(`/api/things/${ID}`, { ...patch, body: { slug: "ok" } });
    await send(`/api/things/${ID}`, { ...patch, body: { slug: "NO" } });
    expect(calls.map(({ call }) => (call.op === "write" ? call.invalid.map(({ field }) => field) : null))).toEqual([
      [],
      ["slug"],
    ]);
  });

  test("[HT22] paths into nested data are dotted", async () => {
    const nested = sqliteTable("nested", { id: text("id").primaryKey(), data: text("data", { mode: "json" }) });
    const app = defineApp({
      name: "test",
      resources: [
        resource(nested, {
          public: { create: true },
          schema: z.object({ data: z.object({ tags: z.array(z.string()) }) }),
        }),
      ],
    });
    const sent = await client(undefined, { app: app as unknown as App }).send("/api/nested", {
      method: "POST",
      body: { data: { tags: ["a", 1] } },
    });
    expect(sent.json.errors).toMatchObject([{ field: "data.tags.1", code: "schema" }]);
  });
});
