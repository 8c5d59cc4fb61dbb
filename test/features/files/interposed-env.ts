/**
 * An environment in which something else happens in the middle of a request: before the first thing it asks of an object or of the bucket
 * that answers to a description, what was given takes place. So what two requests do to each other is tried in the one order that matters.
 */

import { env } from "cloudflare:test";
import { app } from "./app.ts";

/** `name`: `call` of an object, or the method of the bucket; `text`: what the object is asked, a key of the bucket. */
type Asked = (name: string, text: string) => boolean;

interface Stub {
  call(text: string): Promise<string>;
  /** Of the registry. */
  objects(): Promise<unknown>;
}

export interface Interposed {
  readonly env: object;
  readonly hasHappened: () => boolean;
}

export function interposedEnv(isMoment: Asked, happen: (text: string) => Promise<void>): Interposed {
  let hasHappened = false;
  const before = async (name: string, text: string) => {
    if (hasHappened || !isMoment(name, text)) return;
    hasHappened = true;
    await happen(text);
  };
  const own = env as unknown as { readonly LEDGE_TABLES: DurableObjectNamespace; readonly LEDGE_FILES: object };
  const tables = {
    getByName: (object: string) => {
      const real = own.LEDGE_TABLES.getByName(object) as unknown as Stub;
      return {
        objects: () => real.objects(),
        async call(text: string) {
          await before("call", text);
          return real.call(text);
        },
      };
    },
  };
  const bucket = new Proxy(own.LEDGE_FILES, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function" || typeof name !== "string") return member;
      return async (...given: unknown[]) => {
        await before(name, String(given[0]));
        return member.apply(target, given);
      };
    },
  });
  return { env: { ...env, LEDGE_TABLES: tables, LEDGE_FILES: bucket }, hasHappened: () => hasHappened };
}

/** One request in such an environment, as `alice`. */
export function sendIn(
  interposed: Interposed,
  to: string,
  body?: Uint8Array | object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const [method = "", path = ""] = to.split(" ");
  const isRaw = body instanceof Uint8Array;
  const sent = body === undefined || isRaw ? body : JSON.stringify(body);
  const type: Readonly<Record<string, string>> =
    sent === undefined || isRaw ? {} : { "content-type": "application/json" };
  const init = {
    method,
    headers: { authorization: "Bearer dev:alice", ...type, ...headers },
    ...(sent === undefined ? {} : { body: sent as BodyInit }),
  };
  return app.request(path, init, interposed.env as never);
}
