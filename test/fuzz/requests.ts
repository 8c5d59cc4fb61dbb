/**
 * Requests for the fuzzer: each begins as one that works, at every endpoint of every kind of table, and is then bent at none to
 * three places. So it comes through the outer doors and breaks something further in. Placeholders `{etag}`, `{cursor}`,
 * `{seq}` and `{confirm}` stand for what the application gave out earlier.
 */

import fc from "fast-check";
import { FILE_ROOTS, fileRequests } from "./file-requests.ts";
import { brokenBody, CONTENT_TYPES, header, hostileJson, hostileText } from "./hostile.ts";

export interface Attempt {
  readonly method: string;
  /** As sent, percent-encoded or not, without the query. */
  readonly path: string;
  /** Pairs that are encoded when sent; `rawQuery` is not. */
  readonly query: readonly (readonly [string, string])[];
  readonly rawQuery?: string;
  /** The whole Authorization header, or the name of a token in braces: `{expired}`. */
  readonly authorization: string | null;
  readonly headers: readonly (readonly [string, string])[];
  readonly contentType: string | null;
  /** Members of an object as JSON texts, or a body as it is. */
  readonly body: readonly (readonly [string, string])[] | string | Uint8Array | null;
  /** Under which variables the Worker runs. */
  readonly world: "development" | "production" | "no-secret";
}

type Bend = (attempt: Attempt) => Attempt;

interface Target {
  readonly root: string;
  readonly user: string | null;
  readonly ids: readonly string[];
  /** Members of a row, as JSON texts. */
  readonly row: readonly (readonly [string, string])[];
  readonly columns: readonly string[];
}

const uuids = [1, 2, 3, 4, 5].map((n) => `019a0000-0000-7000-8000-00000000000${n}`);
const alice = "Bearer dev:alice";

export const TARGETS: readonly Target[] = [
  {
    root: "/api/notes",
    user: alice,
    ids: uuids,
    row: [
      ["ownerId", '"alice"'],
      ["title", '"a note"'],
      ["rank", "1"],
    ],
    columns: ["id", "ownerId", "title", "rank", "shared", "hidden"],
  },
  {
    root: "/api/notes",
    user: null,
    ids: uuids,
    row: [
      ["ownerId", '"alice"'],
      ["title", '"a note"'],
    ],
    columns: ["title", "hidden"],
  },
  {
    root: "/api/kinds",
    user: null,
    ids: uuids,
    row: [
      ["title", '"kind"'],
      ["count", "3"],
      ["data", '{"a":[1]}'],
    ],
    columns: ["id", "title", "color", "count", "ratio", "big", "done", "at", "atIso", "data", "bytes"],
  },
  {
    root: "/api/slugs",
    user: alice,
    ids: ["a", "b.c", "x~y", "-"],
    row: [
      ["slug", '"one"'],
      ["level", "2"],
    ],
    columns: ["id", "slug", "level", "hidden"],
  },
  { root: "/api/counters", user: null, ids: ["1", "2", "3"], row: [["name", '"n"']], columns: ["id", "name"] },
  {
    root: "/api/films",
    user: null,
    ids: uuids,
    row: [
      ["title", '"The wizard"'],
      ["releaseDate", '"Jun 12 1998"'],
      ["imdbRating", "7.5"],
    ],
    columns: ["id", "title", "imdbRating", "words"],
  },
  {
    root: "/api/@p1/items_split",
    user: null,
    ids: uuids,
    row: [
      ["name", '"split"'],
      ["rank", "1"],
    ],
    columns: ["id", "name", "rank", "place"],
  },
  {
    root: "/api/@acme/papers",
    user: "Bearer dev:bob,org=acme",
    ids: uuids,
    row: [["title", '"paper"']],
    columns: ["id", "org", "title"],
  },
  { root: "/api/@r/lots", user: null, ids: uuids, row: [["title", '"lot"']], columns: ["id", "title"] },
  { root: "/api/@r/guarded", user: null, ids: uuids, row: [["title", '"guarded"']], columns: ["id", "title"] },
  {
    root: "/api/@r/pages",
    user: alice,
    ids: uuids,
    row: [
      ["ownerId", '"alice"'],
      ["title", '"a wizard of the page"'],
    ],
    columns: ["id", "title", "body", "note", "rank", "secret"],
  },
  {
    root: "/api/@r/crates",
    user: alice,
    ids: uuids,
    row: [
      ["ownerId", '"alice"'],
      ["title", '"crate"'],
    ],
    columns: ["id", "ownerId", "title", "shared"],
  },
  { root: "/api/hooked", user: alice, ids: uuids, row: [["title", '"hook"']], columns: ["id", "title", "stamp"] },
  {
    root: "/api/letters",
    user: null,
    ids: uuids,
    row: [
      ["email", '"a@example.com"'],
      ["data", '{"deep":{"age":1}}'],
    ],
    columns: ["id", "email", "data", "filler"],
  },
  { root: "/api/strict", user: null, ids: uuids, row: [["name", '"s"']], columns: ["id", "name"] },
  { root: "/api/children", user: null, ids: uuids, row: [["parentId", `"${uuids[0]}"`]], columns: ["id", "parentId"] },
  { root: "/api/parents", user: null, ids: uuids, row: [["name", '"p"']], columns: ["id", "name"] },
  { root: "/api/denied", user: alice, ids: uuids, row: [["name", '"n"']], columns: ["id", "name"] },
  { root: "/api/fixed", user: alice, ids: uuids, row: [["name", '"n"']], columns: ["id", "name"] },
  {
    root: "/api/diaries",
    user: alice,
    ids: uuids,
    row: [
      ["ownerId", '"alice"'],
      ["entry", '"dear"'],
    ],
    columns: ["id", "ownerId", "entry"],
  },
  { root: "/api/fleeting", user: null, ids: uuids, row: [["title", '"f"']], columns: ["id", "title"] },
  {
    root: "/api/@p1/vault",
    user: alice,
    ids: uuids,
    row: [
      ["ownerId", '"alice"'],
      ["title", '"v"'],
    ],
    columns: ["id", "title", "secret"],
  },
  {
    root: "/api/narrow",
    user: null,
    ids: uuids,
    row: [
      ["shown", '"s"'],
      ["must", '"m"'],
    ],
    columns: ["id", "shown", "hiddenToken"],
  },
  ...FILE_ROOTS.map((root) => ({
    root,
    user: null,
    ids: uuids,
    row: [
      ["name", '"a.txt"'],
      ["type", '"text/plain"'],
      ["size", "5"],
    ] as const,
    columns: ["name", "size", "status", "blobKey"],
  })),
];

const base = { query: [], headers: [], contentType: null, body: null, world: "development" } as const;
const json = "application/json";

/** Requests that work, by target, the frequent ones several times. */
function working(target: Target): fc.Arbitrary<Attempt> {
  const { root, user: authorization, ids, row, columns } = target;
  const column = fc.constantFrom(...columns);
  const isSoft = root.endsWith("/notes") || /\/(crates|pages)$/.test(root);
  const ask = (method: string, path: string, more: Partial<Attempt> = {}): Attempt => ({
    ...base,
    method,
    path: `${root}${path}`,
    authorization,
    ...more,
  });
  const write = (method: string, path: string, body: Attempt["body"], more: Partial<Attempt> = {}) =>
    ask(method, path, { contentType: json, body, ...more });
  // Few ids where rows can be restored, so that a restore often meets a row that was deleted.
  const id = fc.constantFrom(...(isSoft ? ids.slice(0, 2) : ids));
  const rowText = (id: string) =>
    `{${[["id", root === "/api/counters" ? id : JSON.stringify(id)], ...row].map(([name, text]) => `"${name}":${text}`).join(",")}}`;
  const newRow = (id: string) => [...(root === "/api/counters" ? [] : [["id", JSON.stringify(id)] as const]), ...row];
  const reads = fc.oneof(
    fc.constant(ask("GET", "", { query: [["limit", "1"]] })),
    column.map((name) =>
      ask("GET", "", {
        query: [
          ["orderBy", `-${name}`],
          ["limit", "1"],
        ],
      }),
    ),
    fc.constant(
      ask("GET", "", {
        query: [
          ["limit", "1"],
          ["cursor", "{cursor}"],
        ],
      }),
    ),
    fc
      .tuple(
        column,
        fc.constantFrom(
          '=="a"',
          "!=null",
          ">1",
          '=in=("a",1)',
          '=contains="o"',
          '%="_%_"',
          "=isnull=true",
          "=between=[1,2]",
          '=has="a"',
        ),
      )
      .map(([name, rest]) =>
        ask("GET", "", {
          query: [
            ["filter", name + rest],
            ["totalCount", "true"],
            ["etags", "true"],
          ],
        }),
      ),
    column.map((name) => ask("GET", "/count", { query: [["filter", `${name}!=null`]] })),
    fc.tuple(column, column).map(([by, of]) =>
      ask("GET", "/aggregate", {
        query: [
          ["groupBy", by],
          ["count", "true"],
          ["max", of],
        ],
      }),
    ),
    fc.constant(ask("GET", "/aggregate", { query: [["count", "true"]] })),
    // Few tables have one.
    {
      weight: 3,
      arbitrary: fc.constantFrom("wizard", '"the wiz*', "a OR b", "NEAR(a b)", "col:x", "*", '"').map((q) =>
        ask("GET", "/search", {
          query: [
            ["q", q],
            ["highlight", "true"],
          ],
        }),
      ),
    },
    column.map((name) =>
      ask("GET", "/subscribe", {
        query: [
          ["filter", `${name}!=null`],
          ["limit", "2"],
        ],
      }),
    ),
    fc.constant(ask("GET", "/subscribe", { query: [["skipExisting", "true"]], headers: [["last-event-id", "{seq}"]] })),
    column.map((by) =>
      ask("GET", "/aggregate/subscribe", {
        query: [
          ["groupBy", by],
          ["count", "true"],
        ],
      }),
    ),
    fc
      .constantFrom([], [["sec-websocket-protocol", "ledge.v1"]] as const)
      .map((more) => ask("GET", "/live", { headers: [["upgrade", "websocket"], ...more] })),
    id.map((each) => ask("GET", `/${each}`)),
    fc
      .tuple(id, column)
      .map(([each, name]) =>
        ask("GET", `/${each}`, { query: [["select", name]], headers: [["if-none-match", "{etag}"]] }),
      ),
    fc.constantFrom("", "/count", "/batch", "/batch/upsert").map((path) => ask("OPTIONS", path)),
    id.map((each) => ask("HEAD", `/${each}`)),
  );
  const conditions: fc.Arbitrary<Attempt["headers"]> = fc.constantFrom<Attempt["headers"][]>(
    [],
    [],
    [["if-match", "*"]],
    [["if-match", "{etag}"]],
  );
  const writes = fc.oneof(
    { weight: 3, arbitrary: id.map((each) => write("POST", "", newRow(each))) },
    { weight: 2, arbitrary: id.map((each) => write("PUT", `/${each}`, row)) },
    fc.constant(write("POST", "", row, { headers: [["idempotency-key", "k1"]] })),
    fc.tuple(id, conditions).map(([each, headers]) => write("PATCH", `/${each}`, row.slice(-1), { headers })),
    fc.tuple(id, conditions).map(([each, headers]) => write("PUT", `/${each}`, row, { headers })),
    fc.tuple(id, conditions).map(([each, headers]) => ask("DELETE", `/${each}`, { headers })),
    { weight: isSoft ? 10 : 1, arbitrary: id.map((each) => ask("POST", `/${each}/restore`)) },
    id.map((each) => ask("DELETE", `/${each}`, { query: [["hard", "true"]] })),
    fc.constant(
      write("POST", "/batch", [["items", `[{${row.map(([name, text]) => `"${name}":${text}`).join(",")}}]`]]),
    ),
    id.map((each) => write("PATCH", "/batch", [["items", `[${rowText(each)}]`]])),
    id.map((each) => write("PUT", "/batch", [["items", `[${rowText(each)}]`]])),
    id.map((each) => write("POST", "/batch/upsert", [["items", `[${rowText(each)}]`]])),
    id.map((each) =>
      write("DELETE", "/batch", [["ids", `[${root === "/api/counters" ? each : JSON.stringify(each)}]`]]),
    ),
    column.map((name) =>
      write(
        "PATCH",
        "/batch",
        [
          ["filter", JSON.stringify(`${name}!=null`)],
          ["patch", `{${row.slice(-1).map(([name, text]) => `"${name}":${text}`)}}`],
        ],
        { query: [["dryRun", "true"]] },
      ),
    ),
    column.map((name) => write("DELETE", "/batch", [["filter", JSON.stringify(`${name}==null`)]])),
    id.map((each) => write("POST", "/batch", [["items", `[${Array(5).fill(rowText(each)).join(",")}]`]])),
  );
  const [, , at = "", table = at] = root.split("/");
  const ticket: Attempt = {
    ...base,
    method: "POST",
    path: "/api/live/ticket",
    authorization,
    contentType: json,
    body: [
      ["resource", JSON.stringify(table)],
      ...(at === table ? [] : [["partition", JSON.stringify(at.slice(1))] as const]),
    ],
  };
  return fc.oneof(
    { weight: 10, arbitrary: reads },
    { weight: 10, arbitrary: writes },
    { weight: 1, arbitrary: fc.constant(ticket) },
  );
}

const step = fc
  .tuple(
    fc.constantFrom("create", "read", "list", "update", "replace", "upsert", "delete", "restore"),
    fc.constantFrom(...TARGETS),
    fc.nat(4),
    fc.constantFrom(
      {},
      {},
      { as: "first" },
      { ifVersion: "{etag}" },
      { when: "first!=null" },
      { require: 'first.title=="a note"' },
      { expect: "one" },
      { all: true },
      { where: "id!=null", limit: 2 },
      { select: "id", where: { id: uuids[0] } },
    ),
    fc.constantFrom(null, null, "{{first.id}}", "{{first.title}} and {{0.id}}", "{{later.id}}", "{{first.__proto__}}"),
  )
  .map(([op, { root, ids, row }, at, more, reference]) => {
    const [, , first = "", table = first] = root.split("/");
    const data = row.map(([name, text], index) => [
      name,
      reference !== null && index === row.length - 1 ? reference : JSON.parse(text),
    ]);
    const isWrite = ["create", "update", "replace", "upsert"].includes(op);
    const id = ids[at % ids.length];
    const isKeyed = !("where" in more || "all" in more) && op !== "list" && op !== "create";
    return JSON.stringify({
      op,
      resource: table,
      ...(first === table ? {} : { partition: first.slice(1) }),
      ...(isKeyed ? { id: /^\d+$/.test(id ?? "") ? Number(id) : id } : {}),
      ...(isWrite ? { data: Object.fromEntries(data) } : {}),
      ...more,
    });
  });

/** Lists of operations over tables of every kind, with references, conditions and preconditions. */
const transactions: fc.Arbitrary<Attempt> = fc
  .tuple(
    fc.array(step, { minLength: 1, maxLength: 4 }),
    fc.constantFrom(
      [],
      [["atomic", "false"]] as const,
      [["isolation", '"committed"']] as const,
      [["isolation", '"x"']] as const,
    ),
    fc.constantFrom<Attempt["headers"][]>([], [], [["idempotency-key", "t1"]]),
    fc.constantFrom(alice, alice, null, "Bearer dev:bob,org=acme"),
  )
  .map(([operations, more, headers, authorization]) => ({
    ...base,
    method: "POST",
    path: "/api/transaction",
    authorization,
    headers,
    contentType: json,
    body: [["operations", `[${operations.join(",")}]`], ...more],
  }));

const system = fc.constantFrom<Attempt[]>(
  ...[
    "/",
    "/healthz",
    "/readyz",
    "/_/schema",
    "/_/transactions",
    "/_/transactions/0198c0de-0000-7abc-8def-000000000001",
    "/_/problems/conflict",
    "/_/problems/nope",
    "/api",
    "/api/echo/x",
    "/api/broken",
    "/nope",
    "/_/docs",
    "/_/admin",
  ].map((path) => ({ ...base, method: "GET", path, authorization: null })),
  { ...base, method: "POST", path: "/api/limited", authorization: null },
  ...['{"in":"rows","at":0,"after":null}', '{"in":"bucket","cursor":null}', '{"in":"rows","at":99,"after":"x"}'].map(
    (next): Attempt => ({
      ...base,
      method: "POST",
      path: "/_/files/sweep",
      authorization: alice,
      contentType: json,
      body: [
        ["act", '"look"'],
        ["next", next],
      ],
    }),
  ),
  // Cursors of this table are too old at once.
  ...["1", "{cursor}"].map((cursor): Attempt => {
    const query = [["limit", "1"] as const, ...(cursor === "1" ? [] : [["cursor", cursor] as const])];
    return { ...base, method: "GET", path: "/api/fleeting", query, authorization: null };
  }),
);

/** Names of tokens that the test makes: `{jwt}` is good, the others are not. */
export const AUTHORIZATIONS = [
  "{jwt}",
  "{expired}",
  "{foreign}",
  "{none}",
  "{confused}",
  "{early}",
  "{noSubject}",
  "{huge}",
  "Bearer",
  "Bearer  dev:alice",
  "bearer dev:carol,role=editor",
  "Bearer dev:",
  "Bearer dev:a,sub=b",
  "Bearer dev:mallory,org=acme,__proto__=x,constructor=y",
  "Bearer dev:a\u0001",
  "Basic YTpi",
  "dev:alice",
  "Bearer dev:alice, Bearer dev:bob",
  "Bearer a.b.c",
  "",
  "Bearer \u00e9",
  `Bearer ${" ".repeat(5000)}x`,
];

/** Every parameter there is, and some there are not. */
const PARAMETERS = [
  "filter",
  "select",
  "orderBy",
  "limit",
  "cursor",
  "offset",
  "totalCount",
  "withDeleted",
  "etags",
  "consistency",
  "groupBy",
  "sum",
  "avg",
  "min",
  "max",
  "count",
  "having",
  "q",
  "fields",
  "highlight",
  "include",
  "hard",
  "dryRun",
  "_ignored",
  "__proto__",
  "constructor",
  "",
  "filter[]",
  "FILTER",
];
const VALUES = [
  "id",
  "-id",
  "id:desc",
  "title,title",
  "1",
  "0",
  "-1",
  "1e3",
  "100000",
  "true",
  "TRUE",
  "count>1",
  "max_title!=1",
  'title=="x"',
  'title=="\\ud800"',
  'title=regex="(a+)+$"',
  "id=in=()",
  '!(!(!(title=="a")))',
  'title%="%a%b%c%"',
  "{cursor}",
  "committed",
  "eventual",
  `id=in=(${'"x",'.repeat(300)}"x")`,
  `${"(".repeat(60)}id==1${")".repeat(60)}`,
  'title=="x";'.repeat(300),
];

const segment = hostileText.map((text) => encodeURIComponent(text.toWellFormed()));
const bends: fc.Arbitrary<Bend> = fc.oneof(
  fc
    .constantFrom(
      "GET",
      "HEAD",
      "POST",
      "PUT",
      "PATCH",
      "DELETE",
      "OPTIONS",
      "PURGE",
      "TRACE",
      "PROPFIND",
      "QUERY",
      "LOCK",
      "get",
      "constructor",
      "CONNECT",
    )
    .map(
      (method): Bend =>
        (attempt) => ({ ...attempt, method }),
    ),
  fc.tuple(fc.nat(5), fc.oneof(segment, hostileText)).map(
    ([at, text]): Bend =>
      (attempt) => {
        const parts = attempt.path.split("/");
        parts[1 + (at % Math.max(1, parts.length - 1))] = text;
        return { ...attempt, path: parts.join("/") };
      },
  ),
  fc
    .oneof(
      segment,
      fc.constantFrom(
        "count",
        "batch",
        "restore",
        "aggregate",
        "rpc",
        "subscribe",
        "sync",
        "..",
        "%2e%2e",
        "%2F",
        "%5c",
        "//",
        ";x=1",
        "%00",
        "%252e",
        ".json",
      ),
    )
    .map(
      (text): Bend =>
        (attempt) => ({ ...attempt, path: `${attempt.path}/${text}` }),
    ),
  fc.constantFrom<Bend[]>(
    (attempt) => ({ ...attempt, path: attempt.path.replaceAll("/", "//") }),
    (attempt) => ({ ...attempt, path: `${attempt.path}${"/".repeat(2000)}` }),
    (attempt) => ({ ...attempt, path: attempt.path.toUpperCase() }),
    (attempt) => ({ ...attempt, path: attempt.path.replace("@", "%40") }),
    (attempt) => ({ ...attempt, path: attempt.path.replace("@", "%2540") }),
    (attempt) => ({ ...attempt, path: attempt.path.replace("/api/", "/api/@p1/") }),
    (attempt) => ({ ...attempt, path: attempt.path.replace("/api/", "/api/@/") }),
    (attempt) => ({ ...attempt, path: attempt.path.replace(/@\w+/, "@forbidden") }),
    (attempt) => ({ ...attempt, path: attempt.path.replace(/@(\w+)\//, "@$1%2Fx/") }),
    (attempt) => ({ ...attempt, path: attempt.path.replace(/(\w)$/, (char) => `%${char.charCodeAt(0).toString(16)}`) }),
    (attempt) => ({ ...attempt, path: encodeURI(encodeURI(attempt.path)) }),
    (attempt) => ({ ...attempt, path: attempt.path.replaceAll("/", "\\") }),
    (attempt) => ({ ...attempt, path: attempt.path.replace("/api/", "/api/./x/../") }),
  ),
  fc.tuple(fc.constantFrom(...PARAMETERS), fc.oneof(fc.constantFrom(...VALUES), hostileText)).map(
    ([name, value]): Bend =>
      (attempt) => ({ ...attempt, query: [...attempt.query, [name, value]] }),
  ),
  fc.tuple(fc.nat(5), fc.oneof(fc.constantFrom(...VALUES), hostileText)).map(
    ([at, value]): Bend =>
      (attempt) => ({
        ...attempt,
        query: attempt.query.map((pair, index) => (index === at % attempt.query.length ? [pair[0], value] : pair)),
      }),
  ),
  fc
    .constantFrom(
      "&&&",
      "=",
      "=x",
      "%zz=1",
      "filter=%ff",
      "filter=%",
      "a=1&a=2",
      "limit=1&limit=2",
      "limit=1;limit=2",
      "filter=a==1#x",
      "?",
      "limit=+1",
      "limit=%31",
    )
    .map(
      (rawQuery): Bend =>
        (attempt) => ({ ...attempt, rawQuery }),
    ),
  header.map(
    (pair): Bend =>
      (attempt) => ({ ...attempt, headers: [...attempt.headers, pair] }),
  ),
  header.map(
    (pair): Bend =>
      (attempt) => ({ ...attempt, headers: [...attempt.headers, pair, pair] }),
  ),
  fc.constantFrom(...CONTENT_TYPES).map(
    (contentType): Bend =>
      (attempt) => ({ ...attempt, contentType }),
  ),
  fc.constantFrom(...AUTHORIZATIONS).map(
    (authorization): Bend =>
      (attempt) => ({ ...attempt, authorization }),
  ),
  fc.constantFrom(null, alice, "Bearer dev:eve", "Bearer dev:bob,org=acme").map(
    (authorization): Bend =>
      (attempt) => ({ ...attempt, authorization }),
  ),
  fc.tuple(fc.nat(9), hostileJson).map(
    ([at, text]): Bend =>
      (attempt) => ({
        ...attempt,
        body: isMembers(attempt.body)
          ? attempt.body.map((pair, index, { length }) => (index === at % length ? [pair[0], text] : pair))
          : attempt.body,
      }),
  ),
  fc
    .tuple(
      fc.constantFrom(
        "title",
        "id",
        "ownerId",
        "data",
        "hidden",
        "items",
        "filter",
        "patch",
        "all",
        "ids",
        "org",
        "place",
        "version",
        "_version",
        "__proto__",
        "constructor",
        "",
        "\ud800",
        "deletedAt",
        "name",
        "polluted",
      ),
      hostileJson,
    )
    .map(
      ([name, text]): Bend =>
        (attempt) => ({ ...attempt, body: isMembers(attempt.body) ? [...attempt.body, [name, text]] : attempt.body }),
    ),
  fc
    .constantFrom("boom", "reject", "conflict", "boom-inside", "throw-inside", "promise", "effect", "audit-then-throw")
    .map(
      (title): Bend =>
        (attempt) => ({
          ...attempt,
          body: isMembers(attempt.body)
            ? attempt.body.map((pair) => (pair[0] === "title" ? ["title", JSON.stringify(title)] : pair))
            : attempt.body,
        }),
    ),
  hostileJson.map(
    (body): Bend =>
      (attempt) =>
        attempt.body === null ? attempt : { ...attempt, body },
  ),
  brokenBody.map(
    (body): Bend =>
      (attempt) => ({ ...attempt, body, contentType: attempt.contentType ?? json }),
  ),
  fc.constant<Bend>((attempt) => ({ ...attempt, body: null })),
  fc.constantFrom<Attempt["world"][]>("production", "no-secret").map(
    (world): Bend =>
      (attempt) => ({ ...attempt, world }),
  ),
);

function isMembers(body: Attempt["body"]): body is readonly (readonly [string, string])[] {
  return Array.isArray(body);
}

export const attempts: fc.Arbitrary<Attempt> = fc
  .tuple(
    fc.oneof(
      { weight: 12, arbitrary: fc.oneof(...TARGETS.map(working)) },
      { weight: 2, arbitrary: transactions },
      { weight: 2, arbitrary: fileRequests },
      { weight: 1, arbitrary: system },
    ),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant<Bend[]>([]) },
      { weight: 5, arbitrary: fc.array(bends, { minLength: 1, maxLength: 1 }) },
      { weight: 3, arbitrary: fc.array(bends, { minLength: 2, maxLength: 3 }) },
    ),
  )
  .map(([attempt, bent]) => bent.reduce((each, bend) => bend(each), attempt));
