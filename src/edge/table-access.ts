/**
 * A table for code at the edge, under the rights of the caller ([PF18] [Z9]): the same endpoints, rules and hooks as over
 * HTTP, without leaving the Worker. Failures are thrown as `Fault`s, so a route may let them through.
 */

import { Fault } from "../core/fault.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { Answer } from "./endpoint.ts";
import type { Exchange } from "./exchange.ts";
import { tableNamed } from "./table-named.ts";

export interface Page {
  readonly items: readonly JsonObject[];
  readonly nextCursor: string | null;
  readonly hasMore: boolean;
  readonly totalCount?: number;
  readonly seq: number;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;
type WriteOptions = { readonly ifMatch?: string; readonly idempotencyKey?: string };

export interface TableAccess {
  list(query?: Query): Promise<Page>;
  count(query?: Query): Promise<number>;
  get(id: string | number, query?: Query): Promise<JsonObject>;
  create(row: JsonObject, options?: WriteOptions): Promise<JsonObject>;
  update(id: string | number, patch: JsonObject, options?: WriteOptions): Promise<JsonObject>;
  replace(id: string | number, row: JsonObject, options?: WriteOptions): Promise<JsonObject>;
  delete(id: string | number, options?: WriteOptions): Promise<void>;
  restore(id: string | number, options?: WriteOptions): Promise<JsonObject>;
}

export function tableAccess(exchange: Exchange, name: string, partition: string | null): TableAccess {
  const entry = tableNamed(exchange.edge, name);
  if (entry === undefined) throw new TypeError(`The application has no table "${name}"`);
  const root = `${exchange.edge.basePath}${partition === null ? "" : `/@${encodeURIComponent(partition)}`}/${entry.path}`;
  const row = (id: string | number) => `${root}/${encodeURIComponent(id)}`;
  const read = (path: string, query: Query = {}) => send(exchange, "GET", `${path}${search(query)}`, null, {});
  const write = (method: string, path: string, body: JsonObject | null, options: WriteOptions = {}) =>
    send(exchange, method, path, body, options);
  return {
    list: async (query) => (await read(root, query)) as unknown as Page,
    count: async (query) => Number(((await read(`${root}/count`, query)) as JsonObject).count),
    get: async (id, query) => (await read(row(id), query)) as JsonObject,
    create: async (body, options) => (await write("POST", root, body, options)) as JsonObject,
    update: async (id, body, options) => (await write("PATCH", row(id), body, options)) as JsonObject,
    replace: async (id, body, options) => (await write("PUT", row(id), body, options)) as JsonObject,
    delete: async (id, options) => void (await write("DELETE", row(id), null, options)),
    restore: async (id, options) => (await write("POST", `${row(id)}/restore`, null, options)) as JsonObject,
  };
}

/** Runs the endpoint of a path for the same caller. Only this caller's identity is taken along, no other header. */
async function send(
  exchange: Exchange,
  method: string,
  path: string,
  body: JsonObject | null,
  options: WriteOptions,
): Promise<Json> {
  const url = new URL(path, exchange.url);
  const headers = new Headers(body === null ? {} : { "content-type": "application/json" });
  if (options.ifMatch !== undefined) headers.set("if-match", options.ifMatch);
  if (options.idempotencyKey !== undefined) headers.set("idempotency-key", options.idempotencyKey);
  const address = exchange.request.headers.get("cf-connecting-ip");
  if (address !== null) headers.set("cf-connecting-ip", address);
  const request = new Request(url, { method, headers, body: body === null ? null : JSON.stringify(body) });
  const match = exchange.edge.match(method, url.pathname);
  if (match.kind !== "found" || match.handler.kind !== "known") throw new Fault({ slug: "not-found" });
  return bodyOf(await match.handler.run({ ...exchange, request, url }, match.params));
}

async function bodyOf(answer: Answer): Promise<Json> {
  const text = answer instanceof Response ? await answer.text() : (answer.body ?? "null");
  const value = JSON.parse(text) as Json;
  return isJsonObject(value) ? value : null;
}

function search(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}
