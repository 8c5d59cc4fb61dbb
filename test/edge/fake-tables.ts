/** A namespace of objects that answer as they are told, and remember what they were asked. */

import type { ObjectCall, ObjectReply } from "../../src/core/protocol/object-call.ts";
import { decodeCall, encodeReply } from "../../src/core/protocol/wire.ts";
import type { LedgeEnv } from "../../src/edge/env.ts";

export const EPOCH = "aaaaaaaaaaaaaaaa";
export const SECRET = "0123456789abcdef0123456789abcdef";

export type Script = (call: ObjectCall, name: string) => ObjectReply | Promise<ObjectReply>;

export interface FakeTables {
  readonly env: LedgeEnv;
  /** Calls in order, with the name of the object. */
  readonly calls: { readonly object: string; readonly call: ObjectCall }[];
}

export function answer(more: Partial<Extract<ObjectReply, { kind: "answer" }>> = {}): ObjectReply {
  return {
    kind: "answer",
    status: 200,
    headers: { etag: `"${EPOCH}:1:abcdef"` },
    body: "{}",
    position: `${EPOCH}:1`,
    ...more,
  };
}

/** What objects answer to messages of transactions over several. */
export type Agree = (text: string, name: string) => Promise<string>;

const NO_AGREE: Agree = () => Promise.reject(new Error("no transaction over several objects here"));

export function fakeTables(
  script: Script = () => answer(),
  vars: Partial<LedgeEnv> = {},
  agree = NO_AGREE,
): FakeTables {
  const calls: FakeTables["calls"] = [];
  const env: LedgeEnv = {
    LEDGE_SECRET: SECRET,
    LEDGE_LOG_LEVEL: "silent",
    ...vars,
    LEDGE_TABLES: {
      getByName: (name) => ({
        async call(text) {
          const call = decodeCall(text) as ObjectCall;
          calls.push({ object: name, call });
          return encodeReply(await script(call, name));
        },
        pull: () => Promise.reject(new Error("no read model here")),
        newsTaken: async () => {},
        objectOf: async () => null,
        isRegistered: async () => false,
        objects: () => Promise.resolve([]),
        agree: (text) => agree(text, name),
        usedRows: () => Promise.reject(new Error("no rows that a scope uses here")),
        accessEnded: async () => {},
        fetch: async () => new Response(null, { status: 503 }),
        ping: async () => ({ failing: [] }),
      }),
    },
  };
  return { env, calls };
}

/** Signs an HS256 token with the fake environment's secret. */
export async function token(
  claims: Readonly<Record<string, unknown>>,
  header: object = { alg: "HS256", typ: "JWT" },
  secret = SECRET,
): Promise<string> {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const payload = `${encode(header)}.${encode(claims)}`;
  const key = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(payload));
  return `${payload}.${Buffer.from(mac).toString("base64url")}`;
}
