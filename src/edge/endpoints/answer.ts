/** An object's answer → reply: its bytes as they are, with the headers that the Worker adds ([HT7] [HT10]). */

import type { Success } from "../call-object.ts";
import type { TableRequest } from "../exchange.ts";
import type { Reply } from "../reply.ts";

export type ObjectAnswer = Extract<Success, { kind: "answer" }>;

/** The answer to a call that can have no other; anything else is a defect of the object. */
export function expectAnswer(reply: Success): ObjectAnswer {
  if (reply.kind === "answer") return reply;
  throw new Error(`The object answered a call with "${reply.kind}"`);
}

export function readReply(request: TableRequest, answer: ObjectAnswer): Reply {
  return { status: answer.status, headers: replyHeaders(request, answer), body: answer.body };
}

/** A record of the caller's own, to add to. */
export function replyHeaders(request: TableRequest, answer: ObjectAnswer): Record<string, string> {
  const headers: Record<string, string> = {
    "ledge-seq": answer.position,
    "cache-control": cacheControl(request, answer),
  };
  for (const name in answer.headers) if (name !== "ledge-row-id") headers[name] = answer.headers[name] as string;
  if (answer.body !== null) headers["content-type"] = "application/json";
  return headers;
}

/** Kept by the client where a tag lets it ask again; kept by shared caches only what anonymous readers may see. */
function cacheControl({ entry, principal, request }: TableRequest, answer: ObjectAnswer): string {
  if (answer.headers.etag === undefined) return "private, no-store";
  const isRead = request.method === "GET" || request.method === "HEAD";
  const isShared = isRead && principal.kind === "anonymous" && entry.resource.config.cache?.public === true;
  return isShared ? "public, no-cache" : "private, no-cache";
}
