/** The application as a value: how it is put together, mounted and called. */

import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { describe, expect, expectTypeOf, test } from "vitest";
import { ConfigError } from "../../src/define/config-error.ts";
import { ConflictError, NotFoundError } from "../../src/define/http-error.ts";
import { resource } from "../../src/define/resource.ts";
import { type App, defineApp, errorHandler, notFoundHandler, useResource } from "../../src/edge/define-app.ts";
import { requireUser } from "../../src/edge/require-user.ts";
import { client, ID } from "./client.ts";
import { answer, fakeTables } from "./fake-tables.ts";

const open = { public: { read: true, create: true, update: true, delete: true } } as const;
const booksTable = sqliteTable("books", { id: text("id").primaryKey(), title: text("title") });
const authorsTable = sqliteTable("authors", { id: text("id").primaryKey(), name: text("name") });
const books = resource(booksTable, open);
const authors = resource(authorsTable, open);

describe("putting together", () => {
  test("[PF4] a list, a namespace and a chain make the same application, in value and in type", () => {
    const listed = defineApp({ name: "lib", resources: [books, authors] });
    const spaced = defineApp({ name: "lib", resources: { books, authors, helper: undefined as never } });
    const chained = defineApp({ name: "lib" }).resource(books).resource(authorsTable, open);
    for (const app of [listed, spaced, chained])
      expect([...app.definition.resources.keys()]).toEqual(["books", "authors"]);
    expectTypeOf<keyof NonNullable<(typeof listed)["types"]>>().toEqualTypeOf<"books" | "authors">();
    expectTypeOf<keyof NonNullable<(typeof chained)["types"]>>().toEqualTypeOf<"books" | "authors">();
  });

  test("[PF4] a path takes the place of the table's name", async () => {
    const app = defineApp({ name: "lib" }).resource("/volumes", booksTable, open);
    const { env, calls } = fakeTables(() => answer({ status: 201, headers: { "ledge-row-id": ID } }));
    const made = await app.request(
      "/api/volumes",
      { method: "POST", headers: { "content-type": "application/json" }, body: "{}" },
      env,
    );
    expect([made.status, made.headers.get("location")]).toEqual([201, `/api/volumes/${ID}`]);
    expect(calls[0]?.object).toBe("t/lib/books");
    expect((await app.request("/api/books", {}, env)).status).toBe(404);
  });

  test.each([
    ["a reserved path", () => defineApp().resource("/jobs", booksTable, open).definition],
    ["a path of two segments", () => defineApp().resource("/a/b", booksTable, open).definition],
    ["two tables at one path", () => defineApp().resource(books).resource("/books", authorsTable, open).definition],
    ["two tables of one name", () => defineApp({ resources: [books, books] }).definition],
    ["a bad name", () => defineApp({ name: "Not Valid", resources: [books] }).definition],
    [
      "two effects of one name",
      () =>
        defineApp({ effects: { mail: () => {} }, features: [{ name: "f", effects: { mail: () => {} } }] }).definition,
    ],
  ])("[PF3] refuses %s at start", (_name, start) => {
    expect(start).toThrow(ConfigError);
  });

  test("[PF3] twins are told apart: two tables of one name, or one path for two tables", () => {
    expect(() => defineApp({ resources: [books, books] }).definition).toThrow(
      /Table "books" .*another table has the same name.*Rename one of them/,
    );
    expect(() => defineApp().resource(books).resource("/books", authorsTable, open).definition).toThrow(
      /Table "authors" .*is served at "books", where "books" is already/,
    );
  });

  test("[PF3] a base path of its own", async () => {
    const app = defineApp({ name: "lib", resources: [books], basePath: "/v1/data/" });
    const { env } = fakeTables();
    expect((await app.request("/v1/data/books", {}, env)).status).toBe(200);
    expect((await app.request("/api/books", {}, env)).status).toBe(404);
  });

  test("[PF3] a feature brings tables, routes and effects", async () => {
    const app = defineApp({
      name: "lib",
      features: [
        {
          name: "shelf",
          tables: [books],
          routes: (route) => route("GET", "/shelf", () => ({ full: true })),
          effects: { dust: () => {} },
        },
      ],
    });
    expect([[...app.definition.resources.keys()], [...app.definition.effects.keys()]]).toEqual([["books"], ["dust"]]);
    expect(await (await app.request("/shelf", {}, fakeTables().env)).json()).toEqual({ full: true });
  });

  test("[PF5] a resource is a router that any application can mount, with handlers for what it throws", async () => {
    const router = useResource(booksTable, open, { basePath: "/" });
    expect((await router.fetch(new Request("http://x/books"), fakeTables().env)).status).toBe(200);
    const problem = errorHandler(new NotFoundError("gone"), new Request("http://x/y"));
    expect([problem.status, ((await problem.json()) as { instance: string }).instance]).toEqual([404, "/y"]);
    expect(errorHandler(new Error("secret")).status).toBe(500);
    expect(await errorHandler(new Error("secret")).text()).not.toContain("secret");
    expect(notFoundHandler().status).toBe(404);
  });

  test("[ER3] errors render themselves in any application", async () => {
    const response = new NotFoundError("No such book", { resource: "books", id: "1" }).toResponse({
      instance: "/books/1",
    });
    expect([response.status, response.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
    expect(await response.json()).toMatchObject({
      code: "NOT_FOUND",
      detail: "No such book",
      instance: "/books/1",
      resource: "books",
      id: "1",
    });
  });

  test("[ER3] an error's name is text: it says the same where classes lost theirs to a minifier", () => {
    const Minified = class extends ConflictError {};
    expect([new NotFoundError().name, new Minified("taken").name]).toEqual(["NotFoundError", "ConflictError"]);
  });
});

describe("routes of the application", () => {
  const app = defineApp({ name: "lib", resources: [books] })
    .route("GET", "/api/books/:id/summary", ({ params, user }) => ({ id: params.id, user: user.kind }))
    .route(
      "POST",
      "/hello",
      async ({ request }) =>
        new Response(await request.text(), { status: 202, headers: { "cache-control": "max-age=5" } }),
    )
    .route("GET", "/me", (context) => requireUser(context).id)
    .route("GET", "/copy", async ({ table }) => {
      const page = await table("books").list({ limit: 2 });
      return table("books").create({ title: `copy of ${page.items.length}` }, { idempotencyKey: "once" });
    })
    .route("GET", "/broken", () => {
      throw new Error("boom");
    });
  const { send, calls } = client(
    (call) =>
      answer({
        body: call.op === "list" ? '{"items":[{},{}],"hasMore":false,"seq":1,"nextCursor":null}' : '{"id":"x"}',
      }),
    {
      app: app as unknown as App,
    },
  );

  test("[PF18] stand beside the generated ones, know the caller, and answer JSON or a Response", async () => {
    expect((await send("/api/books/7/summary", { as: "alice" })).json).toEqual({ id: "7", user: "user" });
    const hello = await send("/hello", { method: "POST", raw: "hi" });
    expect([hello.status, hello.text, hello.headers.get("cache-control")]).toEqual([202, "hi", "max-age=5"]);
    expect(hello.headers.get("x-content-type-options")).toBe("nosniff");
    expect((await send("/hello")).status).toBe(405);
    expect((await send(`/api/books/${ID}`)).status).toBe(200);
  });

  test("[U6] requireUser refuses the anonymous with 401", async () => {
    expect((await send("/me")).status).toBe(401);
    expect((await send("/me", { as: "alice" })).text).toBe('"alice"');
  });

  test("[PF18] reach tables under the caller's own rights", async () => {
    calls.length = 0;
    expect((await send("/copy", { as: "alice" })).json).toEqual({ id: "x" });
    expect(calls.map(({ call }) => call)).toMatchObject([
      { op: "list", limit: 2, principal: { id: "alice" } },
      { op: "write", intent: { op: "create", input: { title: "copy of 2" } }, idempotency: { key: "u:alice|once" } },
    ]);
  });

  test("[HT70] a route that throws answers 500", async () => {
    expect((await send("/broken")).status).toBe(500);
  });

  test("[PF3] middleware runs around, the first outermost, and sees problems as responses", async () => {
    const ran: string[] = [];
    const layered = defineApp({
      name: "lib",
      resources: [resource(booksTable, {})],
      middleware: [
        async (_context, next) => {
          ran.push("a");
          const response = await next();
          ran.push(`a:${response.status}`);
          return response;
        },
        (context, next) => {
          ran.push(`b:${context.user.kind}`);
          return context.url.pathname === "/api/stop" ? new Response("stop", { status: 418 }) : next();
        },
      ],
    });
    const layers = client(undefined, { app: layered as unknown as App });
    expect((await layers.send("/api/books", { as: "alice" })).status).toBe(403);
    expect(ran).toEqual(["a", "b:user", "a:403"]);
  });
});

describe("calling", () => {
  test("[TS1] without a server: a path, an init, an environment", async () => {
    const response = await defineApp({ name: "lib", resources: [books] }).request(
      "/api/books?limit=1",
      {},
      fakeTables().env,
    );
    expect(response.status).toBe(200);
  });

  test("[PF6] what is prepared is prepared once per isolate", async () => {
    let made = 0;
    const app = defineApp({ name: "lib", resources: [books], cors: { origins: () => ++made > 0 } });
    const { env } = fakeTables();
    const first = app.definition;
    await app.request("/api/books", {}, env);
    await app.request("/api/books", {}, env);
    expect(app.definition).toBe(first);
    expect(made).toBe(0);
  });
});
