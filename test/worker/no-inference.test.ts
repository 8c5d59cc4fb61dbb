/**
 * Two worlds that differ only in what Mallory may not see: hidden columns, other people's rows, deleted rows. Whatever she asks,
 * through any parameter, header or verb, both worlds must answer the same, byte for byte (the random epoch aside): then nothing
 * hidden can be inferred, through an answer, a count, an order, a cursor, a tag or an error.
 */

import { SELF } from "cloudflare:test";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { inspect } from "../support/scenario.ts";

const WORLDS = ["world-a", "world-b"] as const;
const RUNS = Number(process.env.RUNS ?? 1500);
const SEED = Number(process.env.SEED ?? 20261121);
const ROWS = 24;

const rowId = (n: number) => `019a0000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;

/** What Mallory owns is equal in both worlds; everything hidden is not. */
function rowOf(n: number, world: (typeof WORLDS)[number]): Record<string, unknown> {
  const isMine = n % 2 === 0;
  const salt = world === "world-a" ? "alpha" : "omega";
  const visible = isMine
    ? { title: `mine ${n % 6}`, rank: n % 5 === 0 ? null : n % 4, quiet: `q${n}` }
    : { title: `${salt} ${n}`, rank: salt === "alpha" ? n : -n, quiet: salt };
  const hidden = {
    secret: `${salt}-${world === "world-a" ? n : ROWS - n}`,
    pin: salt === "alpha" ? n : 1000 - n,
    dossier: [salt, n],
  };
  return { id: rowId(n), ownerId: isMine ? "mallory" : salt === "alpha" ? "alice" : "bob", ...visible, ...hidden };
}

async function send(
  world: string,
  method: string,
  path: string,
  user: string,
  more: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Response> {
  const headers = new Headers({
    authorization: `Bearer dev:${user}`,
    "x-request-id": "same",
    traceparent: "00-11111111111111111111111111111111-2222222222222222-01",
    ...more.headers,
  });
  if (more.body !== undefined) headers.set("content-type", "application/json");
  return SELF.fetch(`http://localhost/api/@${world}/vault${path}`, {
    method,
    headers,
    body: more.body === undefined ? null : JSON.stringify(more.body),
  });
}

interface Question {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** The answer with what may differ taken out: the world's own name, its epoch, random span ids, times of writes. */
async function answer(world: string, question: Question, epochs: Readonly<Record<string, string>>): Promise<string> {
  const headers = Object.fromEntries(
    Object.entries(question.headers ?? {}).map(([name, value]) => [
      name,
      value.replaceAll("EPOCH", epochs[world] ?? ""),
    ]),
  );
  const response = await send(world, question.method, question.path, "mallory", { ...question, headers });
  const kept = [...response.headers]
    .filter(([name]) => name !== "traceparent")
    .map(([name, value]) => `${name}: ${value}`);
  const text = `${response.status}\n${kept.join("\n")}\n\n${await response.text()}`;
  return text
    .replaceAll(epochs[world] ?? "", "EPOCH")
    .replaceAll(world, "WORLD")
    .replace(
      /"nextCursor":"([^".]+)\.[^"]+"/g,
      (_, payload: string) => `"nextCursor":${JSON.stringify(placeIn(payload))}`,
    )
    .replace(/"confirm":"[^"]+"/g, '"confirm":"SIGNED"')
    .replace(/content-length: \d+\n/, "");
}

/** What a cursor tells whoever decodes it, its time aside. */
function placeIn(payload: string): unknown {
  const { o, k } = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as Record<string, unknown>;
  return [o, k];
}

/** What Mallory may ask for, so that questions get through to the rows; what she may not; and what does not exist. */
const column = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("id", "ownerId", "title", "rank") },
  { weight: 2, arbitrary: fc.constantFrom("secret", "pin", "dossier", "quiet") },
  { weight: 1, arbitrary: fc.constantFrom("initial", "deletedAt", "_version", "place", "nope", "secre", "pi") },
);
const texts = fc.constantFrom('"alpha-3"', '"omega-5"', '"omega-12"', '"mine 2"', '"a"', '"q4"');
const comparison = fc.oneof(
  // Well typed: refused for what the column is, not for how the question is put.
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.constantFrom("secret", "quiet", "title"),
        fc.constantFrom("==", "!=", ">", "<=", "=contains=", "=startswith="),
        texts,
      )
      .map((parts) => parts.join("")),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom("pin", "rank"),
        fc.constantFrom("==", "!=", ">", "<="),
        fc.constantFrom("3", "-3", "500", "997"),
      )
      .map((parts) => parts.join("")),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'dossier=has="alpha"',
      "dossier=length=2",
      "secret=isnull=true",
      "pin=between=[1,900]",
      'secret=in=("alpha-2","omega-2")',
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        column,
        fc.constantFrom("==", "!=", ">", "=in=", "=isnull=", "%=", "=length=", "=has=", "=regex=", "=nope="),
        fc.constantFrom("true", "null", '("alpha","omega",1)', "[1,900]", `"${rowId(1)}"`, "unquoted"),
      )
      .map((parts) => parts.join("")),
  },
);
const filter = fc.oneof(
  { weight: 2, arbitrary: comparison },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.tuple(comparison, fc.constantFrom(";", ",", ");(")), { minLength: 2, maxLength: 3 })
      .map((parts) => parts.map(([text, glue], index) => (index === parts.length - 1 ? text : text + glue)).join("")),
  },
);
const list = fc
  .array(fc.tuple(fc.constantFrom("", "-", ""), column, fc.constantFrom("", ":asc", ":desc")), {
    minLength: 1,
    maxLength: 2,
  })
  .map((parts) => parts.map((part) => part.join("")).join(","));
const names = fc.array(column, { minLength: 1, maxLength: 2 }).map((parts) => parts.join(","));

const parameters = fc.record({
  filter,
  orderBy: list,
  select: names,
  limit: fc.constantFrom("1", "3", "100", "0"),
  offset: fc.constantFrom("0", "2", "50"),
  totalCount: fc.constantFrom("true", "false", "1"),
  withDeleted: fc.constantFrom("true", "false"),
  etags: fc.constantFrom("true", "false"),
  groupBy: names,
  sum: names,
  min: names,
  max: names,
  avg: names,
  count: fc.constant("true"),
  having: fc
    .tuple(
      fc.constantFrom("count", "sum_pin", "max_secret", "min_rank", "title"),
      fc.constantFrom(">", "==", "!="),
      fc.constantFrom("1", '"alpha"'),
    )
    .map((parts) => parts.join("")),
  q: fc.constantFrom("alpha", "mine", "omega*", '"mine 2"', "secret:alpha"),
  fields: fc.constantFrom("title", "quiet", "quiet,title", "secret", "nope"),
  highlight: fc.constantFrom("true", "false"),
  hard: fc.constantFrom("true", "false"),
  dryRun: fc.constant("true"),
});

/** What each path takes; a question asks for two or three things of it, and now and then for something not offered. */
const OFFERED: Readonly<Record<string, readonly string[]>> = {
  "": ["filter", "orderBy", "select", "limit", "offset", "totalCount", "withDeleted", "etags"],
  "/count": ["filter", "limit", "withDeleted"],
  "/aggregate": ["filter", "groupBy", "sum", "min", "max", "avg", "count", "having", "orderBy", "limit", "withDeleted"],
  "/search": ["q", "fields", "filter", "select", "limit", "offset", "totalCount", "highlight", "withDeleted"],
};

const read = fc.constantFrom(...Object.keys(OFFERED)).chain((path) =>
  fc
    .tuple(
      fc.constantFrom("GET", "GET", "HEAD"),
      parameters,
      fc.subarray([...(OFFERED[path] ?? []), "hard"], { minLength: 1, maxLength: 3 }),
    )
    .map(([method, given, asked]): Question => {
      const needed =
        path === "/search"
          ? ["q"]
          : path === "/aggregate" && !asked.some((name) => /sum|min|max|avg/.test(name))
            ? ["count"]
            : [];
      const kept = Object.entries(given).filter(([name]) => asked.includes(name) || needed.includes(name));
      return { method, path: `${path}?${new URLSearchParams(Object.fromEntries(kept) as Record<string, string>)}` };
    }),
);

const anyId = fc.oneof(
  fc.nat(ROWS + 2).map(rowId),
  fc.constantFrom("nope", "%00", "019A0000-0000-7000-8000-000000000001"),
);
const tag = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.constantFrom('"EPOCH:1:000000"', '"EPOCH:3:000000"', "*", 'W/"EPOCH:4:x"', '"other:1:x"'),
  },
  { weight: 1, arbitrary: fc.constant("broken") },
);
const conditions = fc.record({ "if-match": tag, "if-none-match": tag }, { requiredKeys: [] }) as fc.Arbitrary<
  Record<string, string>
>;
const one = fc.tuple(anyId, conditions, parameters).map(
  ([id, headers, given]): Question => ({
    method: "GET",
    path: `/${id}${given.select === undefined || given.q !== undefined ? "" : `?select=${given.select}`}`,
    headers,
  }),
);

/** Writes that are refused, or change nothing: the worlds must stay as they are between questions. */
const foreignId = fc.nat(ROWS / 2 - 1).map((n) => rowId(2 * n + 1));
const body = fc.record(
  {
    title: fc.constantFrom("x", 5, null),
    rank: fc.constantFrom(1, "x"),
    secret: fc.constant("z"),
    pin: fc.constantFrom(3, "no"),
    ownerId: fc.constant("mallory"),
    nope: fc.constant(1),
  },
  { requiredKeys: [] },
);
const write = fc
  .tuple(fc.constantFrom("PATCH", "PUT", "DELETE", "POST"), foreignId, body, conditions)
  .map(
    ([method, id, content, headers]): Question =>
      method === "POST"
        ? { method, path: fc.sample(fc.constantFrom("", "/batch"), 1)[0] ?? "", body: { id, ...content } }
        : { method, path: `/${id}`, headers, ...(method === "DELETE" ? {} : { body: content }) },
  );
const bulk = fc.tuple(fc.constantFrom("PATCH", "DELETE"), filter, body).map(
  ([method, text, patch]): Question => ({
    method,
    path: "/batch?dryRun=true",
    body: method === "PATCH" ? { filter: text, patch } : { filter: text },
  }),
);

describe("nothing hidden can be inferred", () => {
  const epochs: Record<string, string> = {};

  beforeAll(async () => {
    for (const world of WORLDS) {
      for (let n = 0; n < ROWS; n++) {
        const response = await send(world, "POST", "", "root,role=admin", { body: rowOf(n, world) });
        if (response.status !== 201) throw new Error(await response.text());
      }
      // Rows 4 and 9 are deleted: one was Mallory's, one was not. Hard to see for her either way.
      for (const n of [4, 9]) await send(world, "DELETE", `/${rowId(n)}`, "root,role=admin");
      const response = await send(world, "GET", "/count", "mallory");
      epochs[world] = (response.headers.get("ledge-seq") ?? "").split(":")[0] ?? "";
    }
    expect(epochs["world-a"]).toMatch(/^[a-z2-7]{16}$/);
    expect(epochs["world-a"]).not.toBe(epochs["world-b"]);
  });

  const property = (name: string, questions: fc.Arbitrary<Question>, reached: readonly string[]) =>
    it(name, async () => {
      const statuses = new Map<string, number>();
      await fc.assert(
        fc.asyncProperty(questions, async (question) => {
          const [a, b] = await Promise.all(WORLDS.map((world) => answer(world, question, epochs)));
          const status = (a ?? "").slice(0, 3);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          expect(b).toBe(a);
          expect(status < "500", a).toBe(true);
          expect(a).not.toMatch(/alpha-\d|omega-\d|"pin":|"dossier":|alice|SQLITE|at \w+ \(/);
        }),
        { numRuns: RUNS, seed: SEED },
      );
      // A property that is only ever refused has not looked where it should.
      for (const status of reached)
        expect(statuses.get(status) ?? 0, `${status} in ${JSON.stringify([...statuses])}`).toBeGreaterThan(0);
    }, 120_000);

  property("[HT16] [QL16] [HT14] lists, counts, aggregates and searches answer alike", read, ["200", "400"]);
  property("[HT14] [HT35] single rows and conditions on them answer alike", one, ["200", "304", "404", "412"]);
  property("[HT26] [HT20] refused writes answer alike", write, ["404", "403"]);
  property("[HT48] batches tried out answer alike", bulk, ["200", "400"]);

  it("[HT14] [QL42] a list that stops among rows out of sight does not tell their values by its cursor", async () => {
    const world = "world-of-many";
    const created = await send(world, "POST", "", "root,role=admin", {
      body: { ...rowOf(0, "world-a"), ownerId: "m-ll", rank: 20_000 },
    });
    expect(created.status).toBe(201);
    await inspect(
      `t/test/vault/${world}`,
      `WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 10001) INSERT INTO vault (id, place, owner_id, title, rank, _version) SELECT printf('h%05d', i), '${world}', 'mooll', 'hidden', i, 1 FROM c`,
    );
    // The scope of moll is finished in memory, and no row beyond the first is hers.
    const last = await send(world, "GET", "?orderBy=-rank", "moll");
    const { items, nextCursor } = (await last.json()) as { items: unknown[]; nextCursor: string };
    expect(items).toHaveLength(1);
    expect(placeIn(nextCursor.split(".")[0] ?? "")).toMatchObject([expect.any(String), [20_000, rowId(0)]]);
    const beyond = await send(world, "GET", `?orderBy=-rank&cursor=${nextCursor}`, "moll");
    expect(await beyond.json()).toMatchObject({ status: 400, code: "QUERY_TOO_EXPENSIVE" });
  });

  it("[HT16] the worlds do differ for someone who may see", async () => {
    const texts = await Promise.all(
      WORLDS.map(async (world) =>
        (await send(world, "GET", "?filter=ownerId!=%22mallory%22", "root,role=admin")).text(),
      ),
    );
    const found = await send("world-a", "GET", "/search?q=mine&totalCount=true&highlight=true", "mallory");
    expect(await found.json()).toMatchObject({ totalCount: ROWS / 2 - 1 });
    expect(texts[0]).toContain("alpha 1");
    expect(texts[1]).toContain("omega 1");
  });
});
