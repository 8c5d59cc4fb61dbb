/**
 * `npm run bench:auth`: what a sign-in costs, and what it adds to a request to be known by cookie, access token, API key, or a token of
 * another issuer. One workerd with its storage on disk; ways in turns; medians. ROUNDS=, SECONDS= widen or shorten it; `-- --write` puts the result into docs/benchmarks.md.
 */

import { createHmac } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import autocannon from "autocannon";
import { itemAt } from "./items.ts";
import { row, table } from "./markdown-table.ts";
import { median } from "./median.ts";
import { bundleWorker, LEDGE_BINDINGS, startWorker } from "./start-worker.ts";
import { writeReport } from "./write-report.ts";

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const SECONDS = Number(process.env.SECONDS ?? 2);
const SECRET = LEDGE_BINDINGS.bindings.LEDGE_SECRET;
const PERSON = { email: "bench@example.com", password: "correct horse battery" };
const MIGRATIONS = join(import.meta.dirname, "../../migrations/d1");

const folder = mkdtempSync(join(tmpdir(), "ledge-bench-auth-"));
const script = await bundleWorker(folder, { entryPoints: [join(import.meta.dirname, "auth-worker.ts")] });
const { miniflare, url, stop } = await startWorker(folder, script, {
  ...LEDGE_BINDINGS,
  d1Databases: { LEDGE_D1: "auth" },
});
try {
  const database = await miniflare.getD1Database("LEDGE_D1");
  for (const file of readdirSync(MIGRATIONS).sort()) {
    if (!file.endsWith(".sql")) continue;
    for (const statement of readFileSync(join(MIGRATIONS, file), "utf8").split("--> statement-breakpoint")) {
      await database.prepare(statement).run();
    }
  }
  const text = await measure(url);
  console.log(text);
  if (process.argv.includes("--write")) writeReport("auth", text);
} finally {
  await stop();
}

async function measure(url: string): Promise<string> {
  const ways = await waysIn(url);
  const perSecond = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    const turns = [...ways.slice(round % ways.length), ...ways.slice(0, round % ways.length)];
    for (const { name, request } of turns) {
      const { non2xx, errors, requests, duration } = await autocannon({
        url,
        connections: 1,
        duration: SECONDS,
        requests: [request],
      });
      if (non2xx + errors > 0) throw new Error(`${name}: ${non2xx} refused, ${errors} errors`);
      perSecond.set(name, [...(perSecond.get(name) ?? []), requests.total / duration]);
    }
  }
  const msOf = (name: string) => 1000 / median(perSecond.get(name) ?? []);
  const [first] = ways;
  const lines = ways.map(({ name }) =>
    row([
      name,
      (1000 / msOf(name)).toFixed(0),
      msOf(name).toFixed(2),
      (msOf(name) - msOf(first?.name ?? "")).toFixed(2),
    ]),
  );
  return table(["one connection", "requests/s", "ms", "ms beyond a stranger's get"], lines);
}

interface Way {
  readonly name: string;
  readonly request: autocannon.Request;
}

async function waysIn(url: string): Promise<readonly Way[]> {
  const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const init = {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    };
    const response = await fetch(url + path, init);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return { body: (await response.json()) as Record<string, string>, cookies: response.headers.getSetCookie() };
  };
  const { id } = itemAt(1);
  await post("/api/items", itemAt(1));
  const { cookies } = await post("/api/auth/signup", PERSON);
  const cookie = cookies[0]?.split(";")[0] ?? "";
  const tokens = await post("/api/auth/login", { ...PERSON, session: "token" });
  const bearer = { authorization: `Bearer ${tokens.body.accessToken}` };
  const key = await post("/api/auth/keys", { name: "bench" }, bearer);
  const get = (name: string, headers: Record<string, string>): Way => ({
    name,
    request: { method: "GET", path: `/api/items/${id}`, headers },
  });
  return [
    get("get, nobody", {}),
    get("get, token of another issuer (HS256)", { authorization: `Bearer ${foreignToken()}` }),
    get("get, cookie", { cookie }),
    get("get, access token", bearer),
    get("get, API key", { "x-api-key": key.body.key ?? "" }),
    {
      name: "sign-in",
      request: {
        method: "POST",
        path: "/api/auth/login",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(PERSON),
      },
    },
  ];
}

function foreignToken(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: "alice", exp: Math.floor(Date.now() / 1000) + 3600 })}`;
  return `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
}
