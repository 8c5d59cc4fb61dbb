/**
 * A server for tests of the live store: some tables in one object each, the very `LiveServer` behind its sockets, and the requests that the client
 * makes. What travels can be held back, either way, so that a test says in which order an answer and its frame come.
 */

import type { LivePlatform, SocketLike } from "../../../src/client/live/live-platform.ts";
import type { Platform, RequestLike } from "../../../src/client/platform.ts";
import type { RowId } from "../../../src/core/ids.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import type { Row, TableSpec } from "../../../src/core/schema/table-spec.ts";
import { column, tableOf } from "../../core/query/sample-table.ts";
import { ModelObject, type Written } from "../../sim/live/model-object.ts";
import { SimHost } from "../../sim/live/sim-host.ts";
import { SimMembers } from "../../sim/live/sim-members.ts";
import { MEMBERS } from "../../sim/live/tasks-table.ts";
import { ManualClock } from "./manual-clock.ts";

/** Column of the key, by table. */
const KEYS: Readonly<Record<string, string>> = { tasks: "id", lists: "id", films: "id", files: "id", shows: "slug" };

const TABLES: readonly TableSpec[] = Object.entries(KEYS).map(([name, primaryKey]) =>
  tableOf(
    [
      column(primaryKey, name === "films" ? "int" : "text", { primaryKey: true, notNull: true }),
      column("title", "text"),
      column("status", "text"),
      column("rank", "int"),
      column("listId", "text"),
      ...(name === "files" ? [column("hash", "text")] : []),
    ],
    { name, group: name, primaryKey, idKind: name === "films" ? "int" : "text" },
  ),
);

type Listener = (event: { readonly data?: unknown; readonly code?: number }) => void;
interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export class FakeLedge {
  readonly clock = new ManualClock();
  readonly hosts = new Map<string, SimHost>();
  /** `POST /tasks` and the like. */
  readonly requests: string[] = [];
  /** Frames from the client, by type. */
  readonly said: string[] = [];
  /** Frames from the server, by type. */
  readonly heard: string[] = [];
  isOnline = true;
  /** While true answers of requests wait; frames still come. */
  holdsAnswers = false;
  /** While true frames of the server wait; answers still come. */
  holdsFrames = false;
  /** Answers a write in place of the server; undefined: the server does. */
  refuse: (method: string, path: string) => Answer | undefined = () => undefined;
  scope = "*";
  /** Whether the lists of which one is a member (in `members`, beside each table) say which rows are seen. */
  hasLists = false;
  /** Rows that requests find no more, whatever watches tell. */
  isHidden: (id: RowId) => boolean = () => false;
  readonly #held: (() => void)[] = [];
  readonly #cuts = new Set<(code: number) => void>();
  #sockets = 0;
  #keys = 0;
  readonly #replies = new Map<string, Answer>();

  constructor() {
    const epochs: Readonly<Record<string, string>> = {
      tasks: "aaaaaaaaaaaaaaaa",
      lists: "bbbbbbbbbbbbbbbb",
      films: "cccccccccccccccc",
      files: "dddddddddddddddd",
      shows: "eeeeeeeeeeeeeeee",
    };
    for (const spec of TABLES) {
      const object = new ModelObject(`t/app/${spec.name}`, [{ spec }, { spec: MEMBERS }], epochs[spec.name]);
      this.hosts.set(spec.name, new SimHost(object, new SimMembers("here", "listId")));
    }
  }

  /** Sockets that are open. */
  get open(): number {
    return this.#cuts.size;
  }

  get socketCount(): number {
    return this.#sockets;
  }

  platform(): Partial<Platform> {
    const { clock } = this;
    return {
      now: clock.now,
      after: clock.after,
      random: () => 0.5,
      makeKey: () => `key-${++this.#keys}`,
      fetch: (url, init) => this.#fetch(url, init ?? {}),
    };
  }

  livePlatform(): Partial<LivePlatform> {
    return { makeSocket: (url) => this.#socket(url) };
  }

  object(table: string): ModelObject {
    return (this.hosts.get(table) as SimHost).object;
  }

  /** One commit by somebody else. */
  write(table: string, id: RowId, row: JsonObject | null): void {
    this.commit(table, [{ table, id, row: row === null ? null : ({ ...blank(table, id), ...row } as Row) }]);
  }

  commit(table: string, written: readonly Written[], more: { readonly txid?: string; readonly parts?: string[] } = {}) {
    const host = this.hosts.get(table) as SimHost;
    host.wake(this.clock.nowMs);
    host.object.commit(written, more as object);
    host.advance(this.clock.nowMs);
    this.#flush(host);
  }

  /** What was held back comes now. */
  release(): void {
    this.holdsAnswers = false;
    this.holdsFrames = false;
    for (const run of this.#held.splice(0)) run();
    for (const host of this.hosts.values()) this.#flush(host);
  }

  /** Ends all sockets; by itself as a network does that has gone. */
  cut(code = 1006): void {
    for (const end of [...this.#cuts]) end(code);
  }

  become(isOnline: boolean): void {
    this.isOnline = isOnline;
    if (!isOnline) this.cut();
  }

  #flush(host: SimHost): void {
    if (!this.holdsFrames) host.flush(Number.POSITIVE_INFINITY);
  }

  async #fetch(url: string, { method = "GET", headers, body }: RequestLike) {
    if (!this.isOnline) throw new TypeError("fetch failed");
    const path = url.replace(/^https:\/\/ledge\.example\/api/, "");
    const key = (headers as Record<string, string>)["idempotency-key"];
    const answer = this.#answer(method, path, body === undefined ? {} : JSON.parse(String(body)), headers, key);
    if (!path.startsWith("/live")) {
      this.requests.push(`${method} ${path}`);
      if (this.holdsAnswers) await new Promise<void>((resolve) => this.#held.push(resolve));
    }
    const { status, headers: told = {} } = answer;
    return {
      status,
      headers: { get: (name: string) => told[name.toLowerCase()] ?? null },
      text: async () => (answer.body === undefined ? "" : JSON.stringify(answer.body)),
    };
  }

  #answer(method: string, path: string, body: JsonObject, headers: unknown, key: string | undefined): Answer {
    if (path === "/live/ticket")
      return {
        status: 200,
        body: { ticket: body.resource, object: `t/app/${body.resource}`, share: `${this.scope} ${body.resource}` },
      };
    const [, table = "", idText] = /^\/([a-z]+)(?:\/([^?]+))?/.exec(path) ?? [];
    const refused = method === "GET" ? undefined : this.refuse(method, path);
    if (refused !== undefined) return refused;
    const host = this.hosts.get(table);
    if (host === undefined) return problem(404, "NOT_FOUND");
    const stored = key === undefined ? undefined : this.#replies.get(key);
    if (stored !== undefined) return stored;
    const answer = this.#carryOut(host, { method, table, id: idText ?? null, body, headers: headers as JsonObject });
    if (key !== undefined && answer.status < 500) this.#replies.set(key, answer);
    return answer;
  }

  #carryOut(
    { object }: SimHost,
    {
      method,
      table,
      id,
      body,
      headers,
    }: { method: string; table: string; id: string | null; body: JsonObject; headers: JsonObject },
  ): Answer {
    const position = () => ({ "ledge-seq": `${object.epoch}:${object.head()}` });
    if (method === "GET" && id === null) {
      const items = object.all(table, { kind: "all" }).map(({ row }) => row);
      return { status: 200, body: { items, nextCursor: null, hasMore: false, seq: object.head() } };
    }
    const rowId = String(id ?? body[KEYS[table] as string]);
    const held = this.isHidden(rowId) ? null : object.find(table, rowId);
    const tag = held === null ? "" : `"${object.epoch}:${held.version}:000000"`;
    if (method !== "POST" && held === null) return { ...problem(404, "NOT_FOUND"), headers: position() };
    if (method === "POST" && held !== null) return problem(409, "CONFLICT");
    if (method === "GET") return { status: 200, body: held?.row, headers: { ...position(), etag: tag } };
    const wanted = headers["if-match"];
    if (wanted !== undefined && wanted !== tag) return problem(412, "PRECONDITION_FAILED");
    const row = method === "DELETE" ? null : ({ ...blank(table, rowId), ...held?.row, ...body } as Row);
    this.commit(table, [{ table, id: rowId, row }]);
    return {
      status: method === "DELETE" ? 204 : method === "POST" ? 201 : 200,
      ...(row !== null && { body: row }),
      headers: { ...position(), etag: `"${object.epoch}:${object.head()}:000000"` },
    };
  }

  #socket(url: string): SocketLike {
    const table = new URL(url).pathname.split("/").at(-2) ?? "";
    const host = this.hosts.get(table) as SimHost;
    const id = ++this.#sockets;
    const listeners = new Map<string, Listener[]>();
    const emit = (type: string, event: Parameters<Listener>[0]) => {
      for (const listener of listeners.get(type) ?? []) listener(event);
    };
    let isOver = false;
    const end = (code: number) => {
      if (isOver) return;
      isOver = true;
      this.#cuts.delete(cut);
      host.gone(id, this.clock.nowMs);
      emit("close", { code });
    };
    const cut = (code: number) => end(code);
    queueMicrotask(() => {
      if (!this.isOnline) return end(1006);
      this.#cuts.add(cut);
      const declared = this.hasLists ? { declared: ["read" as const] } : {};
      const rights = { [table]: { table, scopes: [this.scope], ...declared } };
      const deliver = (data: string) => {
        if (isOver) return;
        this.heard.push((JSON.parse(data) as { readonly type: string }).type);
        emit("message", { data });
      };
      const socket = { deliver, closed: end };
      host.accept(id, socket, rights, "ann", this.clock.nowMs);
      emit("open", {});
    });
    return {
      send: (text) => {
        if (isOver) return;
        if (text === "ping") return emit("message", { data: "pong" });
        this.said.push((JSON.parse(text) as { readonly type: string }).type);
        host.receive(id, text, this.clock.nowMs);
        this.#flush(host);
      },
      close: (code = 1000) => end(code),
      addEventListener: (type, listener) => {
        listeners.set(type, [...(listeners.get(type) ?? []), listener]);
      },
    };
  }
}

export function problem(status: number, code: string): Answer {
  return { status, body: { type: "about:blank", title: code, status, code, requestId: "r" } };
}

function blank(table: string, id: RowId): JsonObject {
  return { [KEYS[table] as string]: id, title: null, status: null, rank: null, listId: null };
}
