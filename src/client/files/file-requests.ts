/** What there is to do with files beside uploading them: addresses, links, copies, moves, and attachments by name. Functions, so that a bundle has those it uses. */

import type { AppLike, Client } from "../app-types.ts";
import type { Call, CallOptions, Send } from "../send.ts";
import { tablePath } from "../table-path.ts";
import { type BytesLike, fileSource } from "./file-source.ts";

type Row = Record<string, unknown>;

/** How bytes are shown: `use: "show"` in place where that does no harm, `preset`: an image in one of the table's sizes. */
export interface ShownAs {
  readonly use?: "download" | "show";
  readonly preset?: string;
}

export interface InPartition extends CallOptions {
  readonly partition?: string;
}

interface Parts {
  readonly send: Send;
  readonly options: { readonly url: string; readonly basePath?: string };
}

const partsOf = (client: Client<AppLike>) => client.resource as unknown as Parts;

/** Where the bytes of a row are, below the client's base path: for an `<img>` or a link of whoever has a session. */
export function downloadPath(table: string, id: string, partition?: string, shown: ShownAs = {}): string {
  const query = Object.entries(shown).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const path = `${tablePath(table, partition)}/${encodeURIComponent(id)}/content`;
  return query.length === 0 ? path : `${path}?${query.join("&")}`;
}

/** The whole address of the same. */
export function downloadUrl(client: Client<AppLike>, path: string): string {
  const { url, basePath = "/api" } = partsOf(client).options;
  return url.replace(/\/+$/, "") + basePath + path;
}

/** An address from which anybody may download for a while; `from: "bucket"` where its keys are configured. */
export async function linkFile(
  client: Client<AppLike>,
  table: string,
  id: string,
  {
    expiresIn,
    from,
    use,
    preset,
    ...options
  }: InPartition & ShownAs & { readonly expiresIn?: number; readonly from?: "here" | "bucket" } = {},
): Promise<{ readonly url: string; readonly expiresAt: string }> {
  const body = { expiresIn, from, use, preset };
  return (await post(client, table, id, "link", body, options)) as never;
}

/** The same for a file attached to a row, under the right to read that. */
export async function linkAttachment(
  client: Client<AppLike>,
  table: string,
  id: string,
  name: string,
  { expiresIn, use, preset, partition, ...options }: InPartition & ShownAs & { readonly expiresIn?: number } = {},
): Promise<{ readonly url: string; readonly expiresAt: string }> {
  const path = `${attachmentPath(table, id, name, partition)}/link`;
  return (await ask(client, "POST", path, { body: { expiresIn, use, preset }, options })) as never;
}

/** A new row that holds the same bytes; `to`: in another partition. */
export function copyFile(
  client: Client<AppLike>,
  table: string,
  id: string,
  { row, to, ...options }: InPartition & { readonly row?: object; readonly to?: string } = {},
): Promise<Row> {
  return post(client, table, id, "copy", { row, to }, options) as Promise<Row>;
}

/** Into another partition, under its id; may be asked for again. Within its partition a file is moved by updating its columns. */
export function moveFile(
  client: Client<AppLike>,
  table: string,
  id: string,
  to: string,
  { row, ...options }: InPartition & { readonly row?: object } = {},
): Promise<Row> {
  return post(client, table, id, "move", { row, to }, options) as Promise<Row>;
}

/** Puts a file under a name below a row of another table. */
export async function putAttachment(
  client: Client<AppLike>,
  table: string,
  id: string,
  name: string,
  file: BytesLike,
  options: InPartition = {},
): Promise<Row> {
  const { size, type, slice } = fileSource(file);
  const headers = { "content-type": type };
  return (await ask(client, "PUT", attachmentPath(table, id, name, options.partition), {
    raw: { body: slice(0, size) },
    options: { timeoutMs: 0, ...options, headers: { ...options.headers, ...headers } },
  })) as Row;
}

/** Where it is, below the client's base path. */
export function attachmentPath(table: string, id: string, name: string, partition?: string): string {
  return `${attachmentsOf(table, id, partition)}/${encodeURIComponent(name)}`;
}

/** The rows of all files attached to a row, by name. */
export async function listAttachments(
  client: Client<AppLike>,
  table: string,
  id: string,
  options: InPartition = {},
): Promise<readonly Row[]> {
  return ((await ask(client, "GET", attachmentsOf(table, id, options.partition), { options })) as { items: Row[] })
    .items;
}

export async function removeAttachment(
  client: Client<AppLike>,
  table: string,
  id: string,
  name: string,
  options: InPartition = {},
): Promise<void> {
  await ask(client, "DELETE", attachmentPath(table, id, name, options.partition), { options });
}

function attachmentsOf(table: string, id: string, partition?: string): string {
  return `${tablePath(table, partition)}/${encodeURIComponent(id)}/attachments`;
}

function post(
  client: Client<AppLike>,
  table: string,
  id: string,
  what: string,
  body: object,
  { partition, ...options }: InPartition,
): Promise<unknown> {
  const path = `${tablePath(table, partition)}/${encodeURIComponent(id)}/${what}`;
  return ask(client, "POST", path, { body, options });
}

/** All of them may be repeated: a second time they find done what the first did, but for a copy, which has a key for that. */
async function ask(
  client: Client<AppLike>,
  method: string,
  path: string,
  call: { readonly body?: object; readonly raw?: NonNullable<Call["raw"]>; readonly options: CallOptions },
): Promise<unknown> {
  const isSafe = method === "GET" || method === "PUT";
  const reply = await partsOf(client).send({ method, path, isSafe, headers: {}, ...call });
  return reply.body;
}
