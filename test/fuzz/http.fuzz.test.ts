/**
 * The whole HTTP surface under hostile requests, on real workerd. RUNS= says how many, SEED= which. Every reply is held to
 * `faultsOf`; between batches a plain request must succeed and nothing global may have changed; and a run that did not get a
 * success from every endpoint, and every problem that a request can cause, fails as well.
 */

import { env, SELF } from "cloudflare:test";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { FAULTS_BY_REQUEST, faultsOf, type Seen } from "./check-reply.ts";
import { app, CANARY, logged, VICTIM } from "./fuzz-app.ts";
import { listEndpoints } from "./list-endpoints.ts";
import { readReply } from "./read-reply.ts";
import { type Attempt, attempts } from "./requests.ts";
import { FOREIGN, forged, hmacOver, hs256, nowS } from "./tokens.ts";

const RUNS = Number(process.env.RUNS ?? 8000);
const SEED = Number(process.env.SEED ?? 20261121);
const BATCH = 100;

const tokens: Record<string, string> = {};
/** What the application gave out, the newest by collection: material for later requests. */
const given = {
  etag: new Map<string, string>(),
  cursor: new Map<string, string>(),
  seq: new Map<string, string>(),
  confirm: new Map<string, string>(),
};

const secretId = (n: number) => `019a0000-0000-7000-8000-00000000009${n}`;
const send = (path: string, user: string, body: object, method = "POST") =>
  SELF.fetch(`http://localhost${path}`, {
    method,
    headers: { authorization: `Bearer dev:${user}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });

beforeAll(async () => {
  Object.assign(tokens, {
    jwt: await hs256({ sub: "alice" }),
    expired: await hs256({ sub: "alice", exp: nowS() - 60 }),
    foreign: await hs256({ sub: VICTIM }, FOREIGN),
    none: forged({ alg: "none" }, { sub: VICTIM, exp: nowS() + 60 }),
    confused: await hmacOver({ alg: "RS256" }, { sub: VICTIM }, new TextEncoder().encode("public key")),
    early: await hs256({ sub: "alice", nbf: nowS() + 600 }),
    noSubject: await hs256({ name: "alice" }),
    huge: await hs256({ sub: "alice", pad: "x".repeat(9000) }),
  });
  const secrets: [string, string, object][] = [
    ["/api/notes", VICTIM, { id: secretId(1), ownerId: VICTIM, title: CANARY, code: CANARY }],
    ["/api/articles", VICTIM, { id: secretId(2), ownerId: VICTIM, title: CANARY, secret: CANARY }],
    ["/api/diaries", VICTIM, { id: secretId(3), ownerId: VICTIM, entry: CANARY }],
    [`/api/@${VICTIM}/papers`, `${VICTIM},org=${VICTIM}`, { id: secretId(4), title: CANARY }],
    [
      "/api/@p1/vault",
      `${VICTIM},role=admin`,
      { id: secretId(5), ownerId: VICTIM, title: CANARY, secret: CANARY, dossier: [CANARY] },
    ],
    [
      "/api/@p1/vault",
      `${VICTIM},role=admin`,
      { id: secretId(6), ownerId: "alice", title: "alice's own", secret: CANARY, quiet: "q", dossier: { in: CANARY } },
    ],
  ];
  for (const [path, user, row] of secrets) expect((await send(path, user, row)).status, path).toBe(201);
  // They can be seen by those who may: the search for them elsewhere is not in vain.
  const mine = await SELF.fetch("http://localhost/api/diaries", { headers: { authorization: `Bearer dev:${VICTIM}` } });
  expect(await mine.text()).toContain(CANARY);
});

describe("the whole surface under hostile requests", () => {
  it(`[HT70] every reply is a declared one and gives nothing away (RUNS=${RUNS} SEED=${SEED})`, async () => {
    const globals = globalsText();
    const reached = new Map<string, number>();
    const problems = new Map<string, number>();
    let refusedByRuntime = 0;
    const samples = fc.sample(attempts, { numRuns: RUNS, seed: SEED });
    for (const [index, attempt] of samples.entries()) {
      logged.length = 0;
      const request = requestOf(attempt);
      if (request === null) {
        refusedByRuntime += 1;
        continue;
      }
      const seen = await play(attempt, request);
      const faults = [
        ...faultsOf(seen),
        ...(seen.status === 500 && !isMeant(seen) ? ["a defect that nobody planted"] : []),
      ];
      const where = `SEED=${SEED} #${index} ${seen.method} ${request.url.slice(0, 500)}\n${JSON.stringify(printable(attempt)).slice(0, 2000)}\n→ ${seen.status} ${seen.text.slice(0, 1500)}\n${JSON.stringify(logged).slice(0, 3000)}`;
      expect(faults, where).toEqual([]);
      const entry = logged.find(({ message }) => message === "request");
      const kind = `${seen.method} ${String(entry?.route)}`;
      if (seen.status < 300) reached.set(kind, (reached.get(kind) ?? 0) + 1);
      const slug = /"type":"\/_\/problems\/([a-z-]+)"/.exec(seen.text)?.[1];
      if (seen.status >= 400 && slug !== undefined) problems.set(slug, (problems.get(slug) ?? 0) + 1);
      if (index % BATCH === BATCH - 1) {
        expect(globalsText(), where).toBe(globals);
        await control(`after #${index}`);
      }
    }
    console.log(`${samples.length} requests, ${refusedByRuntime} of them refused by the runtime before they were sent`);
    console.log([...reached, ...problems].map(([name, count]) => `${String(count).padStart(6)} ${name}`).join("\n"));
    expect(
      listEndpoints().filter((endpoint) => !reached.has(endpoint)),
      "endpoints that never succeeded",
    ).toEqual([]);
    expect(
      FAULTS_BY_REQUEST.filter((slug) => !problems.has(slug)),
      "problems that never came up",
    ).toEqual([]);
  });
});

/** The application has a route and a table whose code fails when asked to. */
function isMeant({ path, sent }: Seen): boolean {
  return (
    logged.some(({ route }) => route === "/api/broken") ||
    (path.includes("/hooked") && /"(boom|boom-inside|promise)"/.test(sent.replaceAll("\\", "")))
  );
}

/** Null where the runtime itself refuses to send it. */
function requestOf(attempt: Attempt): Request | null {
  const { method, path, query, rawQuery, authorization, contentType, body } = attempt;
  try {
    const headers = new Headers();
    if (authorization !== null)
      headers.set(
        "authorization",
        authorization.startsWith("{") ? `Bearer ${tokens[authorization.slice(1, -1)]}` : authorization,
      );
    if (contentType !== null) headers.set("content-type", contentType);
    for (const [name, value] of attempt.headers) headers.append(name, filled(value, path));
    const pairs = query.map(
      ([name, value]) =>
        `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(filled(value, path).toWellFormed())}`,
    );
    if (rawQuery !== undefined) pairs.push(rawQuery);
    const url = `http://localhost${path}${pairs.length === 0 ? "" : `?${pairs.join("&")}`}`;
    const hasBody = body !== null && !/^(GET|HEAD|OPTIONS|TRACE)$/i.test(method);
    return new Request(url, { method, headers, body: hasBody ? bodyOf(body) : null });
  } catch {
    return null;
  }
}

async function play(attempt: Attempt, request: Request): Promise<Seen> {
  const { pathname, search } = new URL(request.url);
  const sent = [
    pathname,
    search,
    decoded(pathname),
    decoded(search),
    attempt.path,
    ...attempt.query.flat(),
    ...attempt.headers.flat(),
    String(attempt.authorization),
    typeof attempt.body === "string" ? attempt.body : JSON.stringify(attempt.body),
  ].join("\n");
  const { method } = request;
  const response = await (attempt.world === "development"
    ? SELF.fetch(request, { redirect: "manual" })
    : app.fetch(request, worldOf(attempt.world)));
  const { status, headers } = response;
  const text = await readReply(response);
  keep("etag", pathname, headers.get("etag"));
  keep("seq", pathname, headers.get("ledge-seq"));
  keep("cursor", pathname, /"nextCursor":"([^"]+)"/.exec(text)?.[1]);
  keep("confirm", pathname, /"confirm":"([^"]+)"/.exec(text)?.[1]);
  return { method, path: pathname, sent, status, headers, text };
}

function worldOf(world: Attempt["world"]): Parameters<typeof app.fetch>[1] {
  const variables =
    world === "production" ? { LEDGE_ENV: "production" } : { LEDGE_ENV: "production", LEDGE_SECRET: undefined };
  return { ...env, ...variables } as unknown as Parameters<typeof app.fetch>[1];
}

function bodyOf(body: NonNullable<Attempt["body"]>): string | Uint8Array {
  if (typeof body === "string" || body instanceof Uint8Array) return body;
  return `{${body.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
}

/** A placeholder stands for the newest of its own collection; now and then that is of another one, or none. */
function filled(text: string, path: string): string {
  return text.replace(
    /\{(etag|cursor|seq|confirm)\}/g,
    (_, name: keyof typeof given) => given[name].get(collectionOf(path)) ?? given[name].get("last") ?? "",
  );
}

function keep(name: keyof typeof given, path: string, value: string | null | undefined): void {
  if (value === null || value === undefined) return;
  given[name].set("last", value);
  if (given[name].size < 100) given[name].set(collectionOf(path), value);
}

function collectionOf(path: string): string {
  return path
    .split("/")
    .slice(0, path.startsWith("/api/@") ? 4 : 3)
    .join("/");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

function printable({ body, ...rest }: Attempt): object {
  return {
    ...rest,
    body: body instanceof Uint8Array ? [...body].slice(0, 50) : typeof body === "string" ? body.slice(0, 300) : body,
  };
}

/** A plain write and a plain read: the application still works for others. */
async function control(when: string): Promise<void> {
  const made = await send("/api/notes", "control", { ownerId: "control", title: when });
  expect(made.status, when).toBe(201);
  const { id } = (await made.json()) as { id: string };
  const read = await SELF.fetch(`http://localhost/api/notes/${id}`, {
    headers: { authorization: "Bearer dev:control" },
  });
  expect([read.status, ((await read.json()) as { title: string }).title]).toEqual([200, when]);
}

/** Everything that a polluted prototype or a replaced global would change. */
function globalsText(): string {
  const parts = [
    Object,
    Array,
    String,
    Number,
    Function,
    Map,
    Set,
    Promise,
    Response,
    Request,
    Headers,
    RegExp,
    Error,
  ].map((type) => Reflect.ownKeys(type.prototype).map(String).join());
  return JSON.stringify([
    parts,
    ({} as Record<string, unknown>).polluted,
    ([] as unknown as Record<string, unknown>).polluted,
    Object.keys({}),
  ]);
}
