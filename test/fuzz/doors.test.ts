/** Other ways in than the one there is: credentials in places that nobody reads, calls past the Worker's own addressing. */

import { env, SELF } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { CALL_VERSION, type ObjectCall } from "../../src/core/protocol/object-call.ts";
import { decodeReply, encodeCall } from "../../src/core/protocol/wire.ts";
import type { TableStub } from "../../src/edge/env.ts";
import { logged } from "./fuzz-app.ts";
import { hs256 } from "./tokens.ts";

const ask = (path: string, headers: Record<string, string> = {}) => SELF.fetch(`http://localhost${path}`, { headers });

describe("credentials", () => {
  it("[A14] count in Authorization alone: not in the URL, a cookie, or a header of another name", async () => {
    const token = await hs256({ sub: "alice" });
    expect((await ask("/api/diaries", { authorization: `Bearer ${token}` })).status).toBe(200);
    for (const name of ["access_token", "token", "authorization", "jwt", "_token"]) {
      const inUrl = await ask(`/api/diaries?${name}=${encodeURIComponent(`Bearer ${token}`)}`);
      // A name with `_` is for caches, and ignored; another one is unknown, once the caller may read at all.
      expect(inUrl.status, name).toBe(401);
    }
    for (const name of ["cookie", "x-authorization", "x-access-token", "proxy-authorization", "x-api-key"]) {
      const value =
        name === "cookie" ? `token=${token}; session=${token}; Authorization=Bearer ${token}` : `Bearer ${token}`;
      expect((await ask("/api/diaries", { [name]: value })).status, name).toBe(401);
    }
  });

  it("[A14] of another scheme, or several at once, are wrong ones", async () => {
    const token = await hs256({ sub: "alice" });
    for (const value of [
      token,
      `Basic ${btoa(`alice:${token}`)}`,
      `Token ${token}`,
      `Bearer ${token}, Bearer ${token}`,
      `Bearer ${token} x`,
      "Bearer",
      "Bearer ",
    ])
      expect((await ask("/api/diaries", { authorization: value })).status, value.slice(0, 20)).toBe(401);
  });
});

describe("objects", () => {
  it("[PF2] an object refuses a call that is made out to another one, and shows nothing of it", async () => {
    const call = {
      v: CALL_VERSION,
      op: "count",
      object: "t/fuzz/diaries",
      table: "notes",
      requestId: "r",
      traceparent: null,
      principal: { kind: "anonymous" },
      scope: "*",
      filter: "",
      withDeleted: null,
      limit: null,
      conditions: {},
    } as unknown as ObjectCall;
    const stub = env.LEDGE_TABLES.getByName("t/fuzz/notes") as unknown as TableStub;
    const send = async (given: ObjectCall) => decodeReply(await stub.call(encodeCall(given)));
    expect(await send({ ...call, object: "t/fuzz/notes" } as ObjectCall)).toMatchObject({ kind: "answer" });
    expect(await send(call)).toMatchObject({ kind: "fault", fault: { slug: "internal-error" } });
  });
});

describe("replies", () => {
  it("[OB2] name neither product nor version, and no failure says more in them than in the log", async () => {
    for (const path of ["/", "/healthz", "/readyz", "/api/kinds", "/api/broken", "/nowhere"]) {
      const { headers } = await ask(path);
      for (const name of ["server", "x-powered-by", "via", "x-runtime", "x-version"])
        expect(headers.get(name), `${path} ${name}`).toBeNull();
    }
    expect(logged.some(({ level }) => level === "error")).toBe(true);
  });
});
