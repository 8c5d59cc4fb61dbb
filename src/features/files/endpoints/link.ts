/**
 * `POST /:id/link`: an address that whoever holds it may download from for a while, for an `<img>`, a mail, another service; and the
 * download by such an address, which asks for no other right. It ends early only with its row.
 */

import { Fault, invalidField } from "../../../core/fault.ts";
import { parseBlobKey } from "../../../core/files/blob-key.ts";
import type { FileRow } from "../../../core/files/file-row.ts";
import { isPartition, objectName, parseRowId, type RowId } from "../../../core/ids.ts";
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import type { TableEntry } from "../../../edge/edge.ts";
import { readScope } from "../../../edge/endpoints/read-access.ts";
import { takeParameters } from "../../../edge/endpoints/writes.ts";
import type { Exchange, TableRequest } from "../../../edge/exchange.ts";
import { readJsonBody } from "../../../edge/read-body.ts";
import type { Params } from "../../../edge/router.ts";
import { bucketLink } from "../bucket-link.ts";
import { presetsOf } from "../file-resource.ts";
import { isSigned, type LinkClaim, signLink } from "../link-signature.ts";
import { loadFile } from "../row-calls.ts";
import { sendContent } from "../send-content.ts";

const DEFAULT_S = 3600;
/** S3 allows as long. */
const MAX_S = 7 * 86_400;

/** `{ expiresIn, use, preset, from }`, all of which may be left out; `expiresIn` in seconds. */
export async function makeLink(request: TableRequest, idOf: () => RowId): Promise<Response> {
  const scope = await readScope(request);
  const id = idOf();
  takeParameters(request);
  return linkTo(request, id, async () => (await loadFile(request, id, scope)).file);
}

/** `load` finds the file, or that the caller may not read it. */
export async function linkTo(request: TableRequest, id: RowId, load: () => Promise<FileRow>): Promise<Response> {
  const { env, object, entry, partition, edge, nowMs } = request;
  const { expiresIn = DEFAULT_S, use = "download", preset = null, from = "here" } = await readOptions(request.request);
  if (typeof expiresIn !== "number" || !Number.isInteger(expiresIn) || expiresIn < 1 || expiresIn > MAX_S)
    throw invalidField("expiresIn", `must be a number of seconds up to ${MAX_S}`, "range");
  if (use !== "download" && use !== "show") throw invalidField("use", "must be download or show", "enum");
  if (preset !== null && (typeof preset !== "string" || !presetsOf(entry.resource).has(preset)))
    throw invalidField("preset", "must be a preset of the table", "enum");
  if (from !== "here" && (from !== "bucket" || preset !== null))
    throw invalidField("from", "must be here or bucket; a preset is made here", "enum");
  const file = await load();
  const expires = Math.trunc(nowMs / 1000) + expiresIn;
  const expiresAt = new Date(expires * 1000).toISOString();
  const { blobKey: key, name, type } = file;
  // Equal content lies under the key of whichever row had it first, and that row's id is in it: nobody else is told.
  if (from === "bucket" && key !== null && parseBlobKey(key)?.id === String(id))
    return answer({ url: await bucketLink(env, { key, name, type, use, expiresInS: expiresIn }), expiresAt });
  const signature = await signLink(env, { object, table: entry.resource.name, id: String(id), use, preset, expires });
  const root = `${edge.basePath}${partition === null ? "" : `/@${partition}`}/${entry.path}`;
  const query = new URLSearchParams({
    use,
    ...(preset === null ? {} : { preset }),
    expires: String(expires),
    signature,
  });
  const url = `${root}/${encodeURIComponent(id)}/content?${query}`;
  return answer({ url, expiresAt });
}

/** Whoever holds the address has the file: nobody keeps it along the way. */
function answer(link: { readonly url: string; readonly expiresAt: string }): Response {
  return Response.json(link, { headers: { "cache-control": "no-store" } });
}

/** Null for an address without a signature. Everything that is wrong with one that has it is the same 403. */
export function downloadByLink(exchange: Exchange, entry: TableEntry, params: Params): Promise<Response> | null {
  return exchange.url.searchParams.has("signature") ? byLink(exchange, entry, params) : null;
}

async function byLink(exchange: Exchange, entry: TableEntry, params: Params): Promise<Response> {
  const { searchParams } = exchange.url;
  const { spec } = entry.resource;
  const partition = spec.partitionBy === null ? null : (params.partition ?? "");
  const id = parseRowId(params.id ?? "", spec.idKind);
  const use = searchParams.get("use");
  const preset = searchParams.get("preset");
  const expires = searchParams.get("expires") ?? "";
  const hasAll = searchParams.size === (preset === null ? 3 : 4);
  const isFormed = /^[0-9]{1,12}$/.test(expires) && (use === "download" || use === "show") && hasAll;
  if (id === null || !isFormed || (partition !== null && !isPartition(partition))) throw refused();
  const object = objectName(exchange.edge.definition.name, spec.group, partition);
  const claim: LinkClaim = { object, table: spec.name, id: String(id), use, preset, expires: Number(expires) };
  const isGood = await isSigned(exchange.env, claim, searchParams.get("signature") ?? "");
  if (!isGood || claim.expires * 1000 <= exchange.nowMs) throw refused();
  const request: TableRequest = { ...exchange, entry, partition, object };
  return sendContent(request, () => loadFile(request, id, 'status=="stored"'), { use, preset, isLinked: true });
}

async function readOptions(request: Request): Promise<JsonObject> {
  // An empty body may come as a stream that turns out to be empty; then nobody has said what type it is.
  if (request.body === null || !request.headers.has("content-type")) return {};
  const body = await readJsonBody(request);
  if (!isJsonObject(body)) throw invalidField("", "must be an object", "type");
  return body;
}

function refused(): Fault {
  return new Fault({ slug: "forbidden", detail: "The link is not valid, or has ended" });
}
