/**
 * As much of Cloudflare's API as `wrangler` asks for a deployment, on 127.0.0.1, with an account that begins empty: what was made is kept, D1
 * is an SQLite of its own, and what is not known here is 404, so a new question of wrangler's fails the test that asked it.
 */

import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";

export interface Account {
  readonly queues: { readonly queue_id: string; readonly queue_name: string; consumers: object[] }[];
  readonly databases: { readonly uuid: string; readonly name: string }[];
  readonly buckets: string[];
  /** Statements that D1 was sent, in their order; `-- upload` where the Worker was uploaded. */
  readonly sql: string[];
  /** What those have led to. */
  readonly d1: DatabaseSync;
  readonly secrets: string[];
  uploads: number;
  /** Of the Worker, as it was last uploaded. */
  bindings: readonly Binding[];
  /** `GET /queues`, in order: what was asked. */
  readonly asked: string[];
}

export interface Binding {
  readonly name: string;
  readonly type: string;
}

export interface FakeCloudflare {
  readonly account: Account;
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

type Answer =
  | { readonly result: unknown }
  | { readonly status: number; readonly code: number; readonly message: string };

export async function fakeCloudflare(): Promise<FakeCloudflare> {
  const account: Account = {
    queues: [],
    databases: [],
    buckets: [],
    sql: [],
    d1: new DatabaseSync(":memory:"),
    secrets: [],
    uploads: 0,
    bindings: [],
    asked: [],
  };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://fake");
    const path = url.pathname.replace(/^.*\/accounts\/[^/]+/, "");
    account.asked.push(`${request.method} ${path}`);
    const answer = answerOf(account, `${request.method} ${path}`, url.searchParams, await bodyOf(request));
    response.setHeader("content-type", "application/json");
    const isFound = "result" in answer;
    response.statusCode = isFound ? 200 : answer.status;
    const errors = isFound ? [] : [{ code: answer.code, message: answer.message }];
    const page = { page: 1, per_page: 100, count: 0, total_count: 0, total_pages: 1 };
    response.end(
      JSON.stringify({
        ...{ success: isFound, errors, messages: [] },
        ...{ result: isFound ? answer.result : null, result_info: page },
      }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    account,
    env: {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}/client/v4`,
      CLOUDFLARE_API_TOKEN: "fake",
      CLOUDFLARE_ACCOUNT_ID: "0123456789abcdef0123456789abcdef",
    },
    async close() {
      account.d1.close();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function answerOf(account: Account, asked: string, query: URLSearchParams, body: string): Answer {
  const missing = (code: number): Answer => ({ status: 404, code, message: `Not there: ${asked}` });
  const hasWorker = account.uploads > 0;
  const json = () => JSON.parse(body) as Record<string, never>;
  const [, name = ""] = /^GET \/d1\/database\/([^/]+)$/.exec(asked) ?? [];
  if (name !== "") {
    const found = account.databases.find((each) => each.name === name || each.uuid === name);
    return found === undefined ? missing(7404) : { result: found };
  }
  if (/^POST \/d1\/database\/[^/]+\/query$/.test(asked)) return { result: runSql(account, json()) };
  const queue = account.queues.find((each) => asked.includes(`/queues/${each.queue_id}/`));
  if (queue !== undefined && asked.startsWith("GET")) return { result: queue.consumers };
  if (queue !== undefined) {
    queue.consumers = [{ ...json(), consumer_id: "c", type: "worker", script: "ledge" }];
    return { result: queue.consumers[0] };
  }
  switch (asked) {
    case "GET /workers/scripts/ledge/secrets":
      return hasWorker
        ? { result: account.secrets.map((each) => ({ name: each, type: "secret_text" })) }
        : missing(10007);
    case "GET /d1/database":
      return { result: account.databases };
    case "POST /d1/database":
      account.databases.push({ uuid: "00000000-0000-4000-8000-000000000001", name: json().name ?? "" });
      return { result: account.databases[0] };
    case "GET /queues":
      return {
        result: account.queues.filter(
          ({ queue_name }) => !query.has("name") || query.getAll("name").includes(queue_name),
        ),
      };
    case "POST /queues": {
      const made = { queue_id: `q${account.queues.length}`, queue_name: json().queue_name ?? "", consumers: [] };
      account.queues.push(made);
      return { result: made };
    }
    case "GET /r2/buckets":
      return { result: { buckets: account.buckets.map((each) => ({ name: each })) } };
    case "POST /r2/buckets":
      account.buckets.push(json().name ?? "");
      return { result: {} };
    case "GET /workers/subdomain":
      return { result: { subdomain: "fake" } };
    case "GET /workers/services/ledge":
      return hasWorker ? { result: { default_environment: { script: {} } } } : missing(10090);
    case "GET /workers/workers/ledge":
    case "PATCH /workers/workers/ledge":
      return { result: { id: "ledge", name: "ledge", subdomain: { enabled: true, previews_enabled: true } } };
    case "GET /workers/scripts/ledge/subdomain":
    case "POST /workers/scripts/ledge/subdomain":
      return { result: { enabled: true, previews_enabled: true } };
    // All files are known already.
    case "POST /workers/scripts/ledge/assets-upload-session":
      return { result: { jwt: "done", buckets: [] } };
    case "GET /workers/scripts/ledge/settings":
      return hasWorker ? { result: { bindings: account.bindings } } : missing(10007);
    case "PUT /workers/scripts/ledge":
      upload(account, body);
      return { result: { id: "ledge", startup_time_ms: 1 } };
    default:
      return missing(10007);
  }
}

/** A binding that says `inherit` stays what it was. */
function upload(account: Account, form: string): void {
  const [, metadata = "{}"] = /name="metadata"[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/.exec(form) ?? [];
  const { bindings = [] } = JSON.parse(metadata) as { readonly bindings?: readonly Binding[] };
  const former = (name: string) => account.bindings.find((each) => each.name === name);
  account.bindings = bindings.map((each) => (each.type === "inherit" ? (former(each.name) ?? each) : each));
  account.secrets.push(...bindings.flatMap(({ name, type }) => (type === "secret_text" ? [name] : [])));
  account.uploads++;
  account.sql.push("-- upload");
}

function runSql(account: Account, { sql: sent }: Record<string, never>): unknown {
  const sql = String(sent);
  account.sql.push(sql);
  const isQuestion = /^\s*(select|pragma)\b/i.test(sql);
  if (!isQuestion) account.d1.exec(sql);
  return [{ results: isQuestion ? account.d1.prepare(sql).all() : [], success: true, meta: {} }];
}
