/** Full-text search over HTTP: what is found, in which order, with which highlights; and what must not be found by anyone who may not see it. */

import { env, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspect, send } from "../support/scenario.ts";
import { openRoom, type Room, uid } from "./batch-support.ts";

const ADMIN = { user: "root,role=admin" };
const ALICE = { user: "alice" };
const RUNS = Number(process.env.RUNS ?? 100);

const openPages = () => openRoom("pages", "library");
let ids = 0;

/** Creates pages of alice unless said otherwise; their ids in order. */
async function write(room: Room, ...rows: readonly object[]): Promise<string[]> {
  const made: string[] = [];
  for (const row of rows) {
    const id = uid(++ids);
    const result = await room.send("POST ", { id, ownerId: "alice", title: "", ...row }, ADMIN);
    if (result.status !== 201) throw new Error(result.text);
    made.push(id);
  }
  return made;
}

async function titles(room: Room, query: string, more: { user: string } = ALICE): Promise<unknown[]> {
  const { body, text } = await room.send(`GET /search?${query.replaceAll(" ", "+")}`, undefined, more);
  if (body.items === undefined) throw new Error(text);
  return (body.items as { title: string }[]).map(({ title }) => title);
}

/** Throws when an index of the object differs from its rows. */
async function checkIndexes(room: Room): Promise<void> {
  for (const table of ["pages", "remarks"]) {
    await inspect(room.object, `INSERT INTO _fts_${table}(_fts_${table}, rank) VALUES ('integrity-check', 1)`);
  }
}

describe("what is found", () => {
  it("[SR2] a page of rows with the position; total, offset and limit as in a list", async () => {
    const room = openPages();
    const [first] = await write(
      room,
      { title: "red apple", body: "sweet" },
      { title: "green pear" },
      { title: "red pear" },
    );
    const { body, headers } = await room.send("GET /search?q=red&totalCount=true&select=title", undefined, ALICE);
    expect(body).toEqual({
      items: [
        { id: first, title: "red apple" },
        { id: expect.any(String), title: "red pear" },
      ],
      hasMore: false,
      totalCount: 2,
      seq: 3,
    });
    expect(headers.get("x-total-count")).toBe("2");
    expect(headers.get("ledge-seq")).toMatch(/^[a-z2-7]{16}:3$/);
    const page = await room.send("GET /search?q=pear&limit=1&offset=1&totalCount=true", undefined, ALICE);
    expect(page.body).toMatchObject({ items: [{ title: "red pear" }], hasMore: false, totalCount: 2 });
    expect((await room.send("GET /search?q=pear&limit=1", undefined, ALICE)).body.hasMore).toBe(true);
    expect((await room.send("GET /search?q=pear&limit=1", undefined, ALICE)).body.totalCount).toBeUndefined();
  });

  it("[SR3] all words, phrases, prefixes; anything else is text", async () => {
    const room = openPages();
    await write(
      room,
      { title: "the quick fox", body: "runs" },
      { title: "fox the quick" },
      { title: "quick-silver AND gold" },
      { title: "x", body: "100% of c++ (near)" },
    );
    expect(await titles(room, "q=quick fox")).toEqual(["the quick fox", "fox the quick"]);
    expect(await titles(room, 'q="quick fox"')).toEqual(["the quick fox"]);
    expect(await titles(room, "q=fox runs")).toEqual(["the quick fox"]);
    expect(await titles(room, "q=qui*")).toHaveLength(3);
    expect(await titles(room, "q=qui")).toEqual([]);
    expect(await titles(room, "q=quick-silver")).toEqual(["quick-silver AND gold"]);
    expect(await titles(room, "q=gold AND")).toEqual(["quick-silver AND gold"]);
    expect(await titles(room, "q=quick OR gold")).toEqual([]);
    expect(await titles(room, "q=title:fox")).toEqual([]);
    expect(await titles(room, `q=${encodeURIComponent("c++ (near")}`)).toEqual(["x"]);
    expect(await titles(room, `q=${encodeURIComponent('"quick fox')}`)).toEqual(["the quick fox"]);
    for (const q of ['"', "*", "-", "%F0%9F%98%80", "(", "%22%22"]) {
      const { body } = await room.send(`GET /search?q=${q}&totalCount=true&highlight=true`, undefined, ALICE);
      expect(body).toEqual({ items: [], hasMore: false, totalCount: 0, highlights: {}, seq: 4 });
    }
  });

  it("[SR4] case and diacritics do not count", async () => {
    const room = openPages();
    await write(room, { title: "Crème BRÛLÉE" }, { title: "cre\u0300me brulee" });
    for (const q of ["creme brulee", "CRÈME brûlée", "cr\u00e8me", "BRUL*"])
      expect(await titles(room, `q=${encodeURIComponent(q)}`)).toHaveLength(2);
  });

  it("[SR5] weighted relevance, then id; fields narrow where to look", async () => {
    const room = openPages();
    await write(
      room,
      { title: "four", body: "whale" },
      { title: "whale" },
      { title: "whale whale", body: "whale" },
      { title: "five", body: "whale" },
    );
    expect(await titles(room, "q=whale")).toEqual(["whale whale", "whale", "four", "five"]);
    expect(await titles(room, "q=whale&fields=body")).toEqual(["four", "whale whale", "five"]);
    expect(await titles(room, "q=whale&fields=body,title&limit=2")).toEqual(["whale whale", "whale"]);
    expect(await titles(room, "q=whale four&fields=title")).toEqual([]);
  });

  it("[SR5] filter, scope and soft delete apply as in a list, also where memory finishes the filter", async () => {
    const room = openPages();
    const [gone = ""] = await write(
      room,
      { title: "red one", rank: 1 },
      { title: "red two", rank: 2 },
      { title: "red three", rank: 3 },
      { title: "red five", rank: 5 },
      { title: "red bob", ownerId: "bob", rank: 7 },
    );
    await room.send(`DELETE /${gone}`, undefined, ADMIN);
    expect(await titles(room, "q=red")).toEqual(["red two", "red three", "red five"]);
    expect(await titles(room, "q=red&filter=rank>=3")).toEqual(["red three", "red five"]);
    expect(await titles(room, "q=red&filter=rank=odd=true")).toEqual(["red three", "red five"]);
    const odd = await room.send("GET /search?q=red&filter=rank=odd=true&limit=1&totalCount=true", undefined, ALICE);
    expect(odd.body).toMatchObject({ items: [{ title: "red three" }], hasMore: true, totalCount: 2 });
    expect(await titles(room, "q=red&filter=rank=odd=true&limit=1&offset=1")).toEqual(["red five"]);
    expect(await titles(room, "q=red", ADMIN)).toHaveLength(4);
    expect(await titles(room, "q=red&withDeleted=true", ADMIN)).toHaveLength(5);
    expect((await room.send("GET /search?q=red&withDeleted=true", undefined, ALICE)).status).toBe(403);
  });

  it("[HT34] [HT35] the tag covers the query, 304 comes without a body, HEAD without one too", async () => {
    const room = openPages();
    await write(room, { title: "red" });
    const ask = (query: string, headers = {}, user = "alice") =>
      room.send(`GET /search?${query}`, undefined, { user, headers });
    const first = await ask("q=red");
    const tag = first.headers.get("etag") ?? "";
    expect(tag).toMatch(/^"[a-z2-7]{16}:1:[0-9a-f]{8}"$/);
    const again = await ask("q=red", { "if-none-match": tag });
    expect([again.status, again.text]).toEqual([304, ""]);
    const others = await Promise.all(
      [
        "q=blue",
        "q=red&fields=title",
        "q=red&highlight=true",
        "q=red&limit=3",
        "q=red&offset=1",
        "q=red&select=title",
        "q=red&filter=rank>1",
        "q=red&totalCount=true",
      ].map((query) => ask(query)),
    );
    const tags = [
      tag,
      (await ask("q=red", {}, "bob")).headers.get("etag"),
      ...others.map(({ headers }) => headers.get("etag")),
    ];
    expect(new Set(tags).size).toBe(10);
    const head = await send({ to: `HEAD ${room.path}/search?q=red&totalCount=true`, ...ALICE });
    expect([head.status, head.text, head.headers.get("x-total-count")]).toEqual([200, "", "1"]);
  });

  it("[SR1] integer ids, and texts that are null", async () => {
    const room = openRoom("stamps");
    for (const words of ["blue penny", null, "red penny"]) await room.send("POST ", { words });
    const { body } = await room.send("GET /search?q=penny&highlight=true");
    expect(body.items).toMatchObject([{ id: 1 }, { id: 3 }]);
    expect(body.highlights).toEqual({ 1: { words: ["blue <em>penny</em>"] }, 3: { words: ["red <em>penny</em>"] } });
  });
});

describe("highlights", () => {
  it("[SR5] marked pieces by id and field, escaped; only where something was found", async () => {
    const room = openPages();
    const [a = "", b = ""] = await write(
      room,
      { title: "<b>Whale</b> & whales", body: `${"far away ".repeat(40)}a whale "here" ${"far away ".repeat(40)}` },
      { title: "other", body: "whale" },
    );
    const { body } = await room.send("GET /search?q=whale&highlight=true", undefined, ALICE);
    const highlights = body.highlights as Record<string, Record<string, string[]>>;
    expect(Object.keys(highlights).sort()).toEqual([a, b].sort());
    expect(highlights[a]?.title).toEqual(["&lt;b&gt;<em>Whale</em>&lt;/b&gt; &amp; whales"]);
    expect(highlights[a]?.body).toEqual([
      expect.stringMatching(/^… far [\w ]+a <em>whale<\/em> &quot;here&quot; far [\w ]+ …$/),
    ]);
    expect(highlights[b]).toEqual({ body: ["<em>whale</em>"] });
    expect((await room.send("GET /search?q=whale", undefined, ALICE)).body.highlights).toBeUndefined();
  });

  it("[SR5] every field that was looked in is highlighted, selected or not", async () => {
    const room = openPages();
    const [id = ""] = await write(room, { title: "whale", body: "whale" });
    const highlightsOf = async (query: string) =>
      (await room.send(`GET /search?q=whale&highlight=true&${query}`, undefined, ALICE)).body.highlights;
    const both = { [id]: { title: ["<em>whale</em>"], body: ["<em>whale</em>"] } };
    for (const select of ["select=id", "select=rank", "select=body", ""])
      expect(await highlightsOf(select)).toEqual(both);
    expect(await highlightsOf("fields=title")).toEqual({ [id]: { title: ["<em>whale</em>"] } });
    expect(await highlightsOf("fields=title&select=body")).toEqual({ [id]: { title: ["<em>whale</em>"] } });
  });
});

describe("the index follows every write", () => {
  it("[SR1] create, patch, replace, soft delete, restore, removal", async () => {
    const room = openPages();
    const [id = ""] = await write(room, { title: "first", body: "words" });
    expect(await titles(room, "q=first words")).toEqual(["first"]);
    await room.send(`PATCH /${id}`, { title: "second" }, ADMIN);
    expect([await titles(room, "q=first"), await titles(room, "q=second words")]).toEqual([[], ["second"]]);
    await room.send(`PUT /${id}`, { ownerId: "alice", title: "third" }, ADMIN);
    expect([await titles(room, "q=words"), await titles(room, "q=third")]).toEqual([[], ["third"]]);
    await room.send(`DELETE /${id}`, undefined, ADMIN);
    expect([await titles(room, "q=third"), await titles(room, "q=third&withDeleted=true", ADMIN)]).toEqual([
      [],
      ["third"],
    ]);
    await room.send(`POST /${id}/restore`, undefined, ADMIN);
    expect(await titles(room, "q=third")).toEqual(["third"]);
    await room.send(`DELETE /${id}?hard=true`, undefined, ADMIN);
    expect(await titles(room, "q=third&withDeleted=true", ADMIN)).toEqual([]);
    await checkIndexes(room);
    expect(await inspect(room.object, "SELECT count(*) AS n FROM _fts_pages WHERE _fts_pages MATCH 'third'")).toEqual([
      { n: 0 },
    ]);
  });

  it("[SR1] what hooks write, and what a cascade removes", async () => {
    const room = openPages();
    const remarks = (q: string) => send({ to: `GET ${room.path.replace(/pages$/, "remarks")}/search?q=${q}` });
    const [id = ""] = await write(room, { title: "a", note: "remark" }, { title: "b", note: "rewrite" });
    expect((await remarks("hooked")).body.items).toHaveLength(1);
    expect(await titles(room, "q=rewritten")).toEqual(["rewritten"]);
    expect(await titles(room, "q=b")).toEqual([]);
    await room.send(`DELETE /${id}?hard=true`, undefined, ADMIN);
    expect((await remarks("hooked")).body.items).toEqual([]);
    await checkIndexes(room);
  });

  it("[SR1] a write that is rolled back leaves the index as it was", async () => {
    const room = openPages();
    const [id = ""] = await write(room, { title: "before" });
    expect(
      (await room.send("POST ", { id: uid(++ids), ownerId: "alice", title: "never", note: "throw" }, ADMIN)).status,
    ).toBe(409);
    expect((await room.send(`PATCH /${id}`, { title: "never", note: "throw" }, ADMIN)).status).toBe(409);
    expect([await titles(room, "q=never"), await titles(room, "q=before")]).toEqual([[], ["before"]]);
    await checkIndexes(room);
  });

  it("[SR1] a batch, whole or not at all", async () => {
    const room = openPages();
    const items = [1, 2, 3].map((index) => ({ id: uid(++ids), ownerId: "alice", title: `batch ${index}` }));
    expect((await room.send("POST /batch", { items }, ADMIN)).status).toBe(201);
    expect(await titles(room, "q=batch")).toHaveLength(3);
    const failing = [
      { id: uid(++ids), ownerId: "alice", title: "batch 4" },
      { id: items[0]?.id, ownerId: "alice", title: "batch 5" },
    ];
    expect((await room.send("POST /batch", { items: failing }, ADMIN)).status).toBe(409);
    expect(await titles(room, "q=batch")).toHaveLength(3);
    expect(
      (await room.send("PATCH /batch", { filter: 'title!="batch 1"', patch: { title: "other" } }, ADMIN)).status,
    ).toBe(200);
    expect(await titles(room, "q=batch")).toEqual(["batch 1"]);
    expect(await titles(room, "q=other")).toHaveLength(2);
    await checkIndexes(room);
  });

  it("[SR1] a change of other columns does not touch the index", async () => {
    const room = openPages();
    const [id = ""] = await write(room, { title: "still" });
    const state = () => inspect(room.object, "SELECT id, hex(block) AS block FROM _fts_pages_data ORDER BY id");
    const before = await state();
    await room.send(`PATCH /${id}`, { rank: 9, note: "n", title: "still" }, ADMIN);
    expect(await state()).toEqual(before);
  });
});

describe("what is refused", () => {
  const refusals: readonly (readonly [query: string, field: string, message: RegExp])[] = [
    ["", "q", /is needed/],
    ["q=", "q", /is needed/],
    ["q=%20%09", "q", /is needed/],
    [`q=${"x".repeat(201)}`, "q", /201 characters, limit is 200/],
    ["q=a&fields=", "fields", /names of fields/],
    ["q=a&fields=secret", "fields", /unknown field: secret/],
    ["q=a&fields=note", "fields", /unknown field: note/],
    ["q=a&fields=absent", "fields", /unknown field: absent/],
    ["q=a&limit=0", "limit", /≥ 1/],
    ["q=a&offset=1001", "offset", /0 to 1000/],
    ["q=a&offset=-1", "offset", /0 to 1000/],
    ["q=a&highlight=yes", "highlight", /true or false/],
    ["q=a&totalCount=1", "totalCount", /true or false/],
    ["q=a&select=secret", "select", /unknown field/],
    ["q=a&orderBy=title", "orderBy", /not a parameter/],
    ["q=a&cursor=x", "cursor", /not a parameter/],
    ["q=a&q=b", "q", /more than once/],
  ];
  it.each(refusals)("[SR2] %s", async (query, field, message) => {
    const { status, body } = await openPages().send(`GET /search?${query}`, undefined, ALICE);
    expect(status).toBe(400);
    expect(body).toMatchObject({
      code: "VALIDATION_ERROR",
      errors: [{ field, message: expect.stringMatching(message) }],
    });
  });

  it("[SR2] 200 characters are accepted, counted as code points; limit is lowered to 100", async () => {
    const room = openPages();
    expect(
      (await room.send(`GET /search?q=${encodeURIComponent("😀".repeat(200))}&limit=5000`, undefined, ALICE)).status,
    ).toBe(200);
  });

  it("[SR1] without a configuration, or switched off, there is no such path", async () => {
    expect((await openRoom("sales").send("GET /search?q=a", undefined, ALICE)).status).toBe(404);
    expect((await openRoom("silent_stamps").send("GET /search?q=a")).status).toBe(404);
  });

  it("[HT28] a caller without a read scope is refused before anything is parsed", async () => {
    expect((await openPages().send("GET /search")).status).toBe(401);
  });

  it("[SR3] whatever stands in q, the answer is 200 or 400", async () => {
    const room = openPages();
    await write(room, { title: "a b AND near", body: "c0 title é" });
    const syntax = [
      "AND",
      "OR",
      "NOT",
      "NEAR(",
      ")",
      "(",
      '"',
      "*",
      "^",
      ":",
      "-",
      "+",
      "{c0}",
      "c0:",
      "title",
      ",",
      "'",
      "\\",
      ";--",
      "\u0000",
      "a",
      "b*",
      "é",
      "😀",
      "\ufeff",
    ];
    const q = fc.oneof(
      fc.string({ unit: "binary", maxLength: 30 }),
      fc.array(fc.constantFrom(...syntax), { maxLength: 20 }).map((parts) => parts.join(" ")),
      fc.array(fc.constantFrom(...syntax), { maxLength: 20 }).map((parts) => parts.join("")),
    );
    await fc.assert(
      fc.asyncProperty(
        q,
        fc.constantFrom("", "&fields=title", "&highlight=true", "&totalCount=true&filter=rank=odd=false"),
        async (text, more) => {
          const { status, body } = await room.send(
            `GET /search?q=${encodeURIComponent(text.toWellFormed())}${more}`,
            undefined,
            ALICE,
          );
          expect([200, 400]).toContain(status);
          if (status === 400) expect(body).toMatchObject({ errors: [{ field: "q" }] });
        },
      ),
      { numRuns: RUNS * 3 },
    );
  }, 60_000);
});

describe("nothing hidden can be inferred", () => {
  const word = fc.constantFrom("red", "blue", "green", "rare");
  const texts = fc.array(word, { maxLength: 5 }).map((words) => words.join(" "));
  const q = fc
    .array(fc.oneof(word, fc.constantFrom("re*", '"red blue"', "secretword")), { minLength: 1, maxLength: 3 })
    .map((words) => words.join(" "));

  it("[S6] rows, texts and deletions out of sight change no answer: items, order, total, highlights, tag", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(texts, texts), { minLength: 2, maxLength: 5 }),
        fc.array(fc.tuple(texts, texts), { minLength: 3, maxLength: 3 }),
        fc.array(fc.tuple(texts, texts), { minLength: 3, maxLength: 3 }),
        fc.array(q, { minLength: 3, maxLength: 3 }),
        async (mine, these, those, questions) => {
          const start = ids;
          const answers: string[] = [];
          for (const hidden of [these, those]) {
            ids = start;
            const room = openPages();
            await write(
              room,
              ...mine.map(([title, body]) => ({ title, body })),
              ...hidden.map(([title, body]) => ({ title, body, ownerId: "bob" })),
            );
            await inspect(room.object, `UPDATE pages SET secret = 'secretword ${hidden[0]?.[0]}'`);
            const given: string[] = [];
            for (const text of questions) {
              const {
                status,
                text: answer,
                headers,
              } = await room.send(
                `GET /search?q=${encodeURIComponent(text)}&totalCount=true&highlight=true`,
                undefined,
                ALICE,
              );
              given.push(`${status} ${headers.get("etag")?.slice(18)} ${answer.replaceAll(/"room":"[^"]*"/g, "")}`);
            }
            answers.push(given.join("\n"));
          }
          expect(answers[0]).toBe(answers[1]);
        },
      ),
      { numRuns: Math.ceil(RUNS / 10) },
    );
  }, 60_000);
});

describe("the index against one that is built anew", () => {
  it("[SR1] after random writes, batches and failures it holds the same words", async () => {
    const room = openPages();
    const known = Array.from({ length: 6 }, () => uid(++ids));
    const one = fc.constantFrom(...known);
    const texts = fc
      .array(fc.constantFrom("red", "blue", "<b>", "é", "😀", "x-y"), { maxLength: 4 })
      .map((words) => words.join(" "));
    const note = fc.constantFrom(null, null, "remark", "rewrite", "throw");
    const step = fc.oneof(
      fc.record({
        to: one.map(() => "POST "),
        body: fc.record({ id: one, ownerId: fc.constant("alice"), title: texts, body: texts, note }),
      }),
      fc.record({ to: one.map((id) => `PATCH /${id}`), body: fc.record({ title: texts, note }) }),
      fc.record({
        to: one.map((id) => `PUT /${id}`),
        body: fc.record({ ownerId: fc.constant("alice"), title: texts, body: texts }),
      }),
      fc.record({
        to: fc.tuple(one, fc.constantFrom("", "?hard=true")).map(([id, hard]) => `DELETE /${id}${hard}`),
        body: fc.constant(undefined),
      }),
      fc.record({ to: one.map((id) => `POST /${id}/restore`), body: fc.constant(undefined) }),
      fc.record({
        to: fc.constant("POST /batch/upsert"),
        body: fc.record({
          items: fc.uniqueArray(fc.record({ id: one, ownerId: fc.constant("alice"), title: texts, note }), {
            selector: ({ id }) => id,
            maxLength: 4,
          }),
        }),
      }),
      fc.record({
        to: fc.constant("PATCH /batch"),
        body: fc.record({
          filter: fc.constantFrom("rank==0", 'title=contains="red"'),
          patch: fc.record({ body: texts, note }),
        }),
      }),
    );
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 15 }), async (steps) => {
        for (const { to, body } of steps) statuses.add((await room.send(to, body, ADMIN)).status);
        await checkIndexes(room);
        const [kept, anew] = await runInDurableObject(
          env.LEDGE_TABLES.getByName(room.object),
          (_instance, { storage: { sql } }) => {
            const words = () =>
              sql.exec("SELECT term, doc, col, offset FROM _test_words ORDER BY 1, 2, 3, 4").toArray();
            sql.exec("CREATE VIRTUAL TABLE IF NOT EXISTS _test_words USING fts5vocab('_fts_pages', 'instance')");
            const before = words();
            sql.exec("INSERT INTO _fts_pages(_fts_pages) VALUES ('rebuild')");
            return [before, words()];
          },
        );
        expect(kept).toEqual(anew);
      }),
      { numRuns: Math.ceil(RUNS / 5) },
    );
    expect([...statuses].sort()).toEqual(expect.arrayContaining([200, 201, 204, 404, 409]));
  }, 60_000);
});
