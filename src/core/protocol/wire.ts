/**
 * A call and its reply as text: how they cross from Worker to object and back. All of it is JSON anyway, and one text costs the
 * platform's RPC half of what a structured copy of the same objects does (`npm run profile`, workerd 1.20261023, 2026-11). The body of an answer is not
 * encoded a second time: it stands as it is behind the first line.
 */

import type { ObjectCall, ObjectReply } from "./object-call.ts";

type Answer = Extract<ObjectReply, { kind: "answer" }>;

/** Between the head of a reply and its body. JSON text never holds it. */
const END_OF_HEAD = "\n";

export function encodeCall(call: ObjectCall): string {
  return JSON.stringify(call);
}

/** The call, or null for what is not one: the caller runs another version. */
export function decodeCall(text: unknown): ObjectCall | null {
  return typeof text === "string" ? (JSON.parse(text) as ObjectCall) : null;
}

export function encodeReply(reply: ObjectReply): string {
  if (reply.kind !== "answer" || reply.body === null) return JSON.stringify(reply);
  const { body, ...head } = reply;
  return JSON.stringify(head) + END_OF_HEAD + body;
}

export function decodeReply(text: string): ObjectReply {
  const end = text.indexOf(END_OF_HEAD);
  if (end === -1) return JSON.parse(text) as ObjectReply;
  const head = JSON.parse(text.slice(0, end)) as Omit<Answer, "body">;
  return { ...head, body: text.slice(end + 1) };
}
