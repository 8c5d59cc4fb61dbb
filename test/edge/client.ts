/** Sends requests to an application as a development user would, and reads what comes back. */

import type { ObjectCall } from "../../src/core/protocol/object-call.ts";
import { type App, defineApp } from "../../src/edge/define-app.ts";
import type { LedgeEnv } from "../../src/edge/env.ts";
import { type Agree, fakeTables, type Script } from "./fake-tables.ts";
import * as tables from "./tables.ts";

export interface Sent {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

export interface Init {
  readonly method?: string;
  /** Development user, e.g. `alice,role=admin`. */
  readonly as?: string;
  readonly body?: unknown;
  readonly raw?: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
}

export function client(
  script?: Script,
  {
    app = defineApp({ name: "test", resources: tables }) as App,
    vars = {} as Partial<LedgeEnv>,
    agree = undefined as Agree | undefined,
  } = {},
) {
  const fake = fakeTables(script, { LEDGE_ENV: "development", ...vars }, agree);
  const waiting: Promise<unknown>[] = [];
  const send = async (path: string, { method = "GET", as, body, raw, headers = {} }: Init = {}): Promise<Sent> => {
    const response = await app.request(
      path,
      {
        method,
        headers: {
          ...(as === undefined ? {} : { authorization: `Bearer dev:${as}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        body: raw ?? (body === undefined ? null : JSON.stringify(body)),
        ...(raw instanceof ReadableStream ? { duplex: "half" } : {}),
      } as RequestInit,
      fake.env,
      { waitUntil: (promise) => void waiting.push(promise) },
    );
    const text = await response.text();
    const isJson = (response.headers.get("content-type") ?? "").includes("json") && text !== "";
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
    };
  };
  return { send, calls: fake.calls, settled: () => Promise.all(waiting) };
}

/** The intent of the n-th call, which must be a write. */
export function intentOf(calls: readonly { readonly call: ObjectCall }[], index = 0): Record<string, unknown> {
  const call = calls[index]?.call;
  if (call?.op !== "write") throw new Error(`call ${index} is ${call?.op}, not a write`);
  return call.intent as unknown as Record<string, unknown>;
}

export const ID = "01890000-0000-7000-8000-000000000001";
