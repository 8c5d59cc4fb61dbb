/** Bodies that cost more than they weigh, or never end ([HT4]): cut while they are read, and refused before anything walks them. */

import { env, SELF } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { app } from "./fuzz-app.ts";

const JSON_TYPE = { "content-type": "application/json" };
const MB = 1_048_576;

async function post(
  path: string,
  body: BodyInit,
  headers: Record<string, string> = JSON_TYPE,
): Promise<{ status: number; text: string }> {
  const reply = await SELF.fetch(`http://localhost${path}`, { method: "POST", body, headers });
  return { status: reply.status, text: await reply.text() };
}

/** A body in chunks, made only when they are asked for; counts how many were, and whether the reader gave up. */
function stream(chunkBytes: number, chunks: number, pauseMs = 0) {
  const told = { pulled: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (pauseMs > 0) await new Promise((resume) => setTimeout(resume, pauseMs));
        if (told.pulled >= chunks) return controller.close();
        told.pulled += 1;
        controller.enqueue(new Uint8Array(chunkBytes).fill(0x20));
      },
      cancel() {
        told.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, told };
}

describe("bodies without end", () => {
  it("[HT4] a stream above 1 MB is cut there: it is 413, and the rest is never read", async () => {
    const { body, told } = stream(65_536, 100_000);
    const reply = await app.fetch(
      new Request("http://localhost/api/kinds", { method: "POST", body, headers: JSON_TYPE }),
      env as never,
    );
    expect([reply.status, ((await reply.json()) as { code: string }).code]).toEqual([413, "PAYLOAD_TOO_LARGE"]);
    // 16 chunks are 1 MB; the 17th ends it, and a few more may lie in the pipe.
    expect(told.pulled).toBeGreaterThanOrEqual(17);
    expect(told.pulled).toBeLessThan(40);
    expect(told.cancelled).toBe(true);
  });

  it("[HT4] a length that is announced too large is refused before a byte is read", async () => {
    const { body, told } = stream(10, 10);
    const reply = await app.fetch(
      new Request("http://localhost/api/kinds", {
        method: "POST",
        body,
        headers: { ...JSON_TYPE, "content-length": String(2 * MB) },
      }),
      env as never,
    );
    expect(reply.status).toBe(413);
    expect(told.pulled).toBeLessThanOrEqual(1);
    await reply.body?.cancel();
  });

  it("[HT4] a length that is announced too small does not open the gate", async () => {
    const { body, told } = stream(65_536, 1000);
    const reply = await app.fetch(
      new Request("http://localhost/api/kinds", {
        method: "POST",
        body,
        headers: { ...JSON_TYPE, "content-length": "2" },
      }),
      env as never,
    );
    expect(reply.status).toBe(413);
    expect(told.pulled).toBeLessThan(40);
    await reply.body?.cancel();
  });

  it("[HT4] a slow body holds up nobody else", async () => {
    const { body } = stream(1, 40, 25);
    const slow = app.fetch(
      new Request("http://localhost/api/kinds", { method: "POST", body, headers: JSON_TYPE }),
      env as never,
    );
    let isOver = false;
    const ended = slow.then((reply) => {
      isOver = true;
      return reply.status;
    });
    for (let n = 0; n < 10; n++) expect((await post("/api/kinds", '{"title":"quick"}')).status).toBe(201);
    expect(isOver).toBe(false);
    // Forty spaces are no JSON.
    expect(await ended).toBe(400);
  });

  it("[HT4] a sender that breaks off is 400, and nothing was written", async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"title":"half'));
        controller.error(new Error("gone, with a secret detail"));
      },
    });
    const reply = await app.fetch(
      new Request("http://localhost/api/kinds", { method: "POST", body, headers: JSON_TYPE }),
      env as never,
    );
    const text = await reply.text();
    expect(reply.status).toBe(400);
    expect(text).not.toContain("secret detail");
  });
});

describe("bodies that unfold", () => {
  const nested = (open: string, close: string, depth: number) => `${open.repeat(depth)}${close.repeat(depth)}`;

  it.each([
    ["arrays, half a million deep", nested("[", "]", 500_000)],
    ["objects, 150,000 deep", `${'{"a":'.repeat(150_000)}1${"}".repeat(150_000)}`],
    ["arrays that never close", "[".repeat(1_000_000)],
    ["a row with a deep column", `{"title":"x","data":${nested("[", "]", 400_000)}}`],
    ["a batch with a deep item", `{"items":[${nested("[", "]", 400_000)}]}`],
    ["a billion laughs, as far as JSON goes", `{"title":"x","data":[${"[[[[[[[[[[]]]]]]]]]],".repeat(40_000)}0]}`],
  ])("[HT4] %s: refused in the time that reading takes, without a defect", async (_, body) => {
    for (const path of ["/api/kinds", "/api/kinds/batch", "/api/kinds/batch/upsert"]) {
      const { status, text } = await post(path, body);
      expect(status, text.slice(0, 300)).toBeGreaterThanOrEqual(400);
      expect(status, text.slice(0, 300)).toBeLessThan(500);
      expect(text.length).toBeLessThan(2000);
    }
  });

  it("[HT4] a compressed body, or one that says so, is neither unpacked nor taken as it is: 415", async () => {
    const packed = await new Response(
      new Response(`{"title":"${"x".repeat(5_000_000)}"}`).body?.pipeThrough(new CompressionStream("gzip")) ?? null,
    ).arrayBuffer();
    expect(packed.byteLength).toBeLessThan(10_000);
    const codings = ["gzip", "GZIP", "br", "deflate", "x", "gzip, identity", "identity, gzip"];
    for (const coding of codings) {
      for (const body of [packed, '{"title":"plain"}']) {
        const { status, text } = await post("/api/kinds", body, { ...JSON_TYPE, "content-encoding": coding });
        expect([status, JSON.parse(text).code], coding).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
      }
    }
    const plain = { ...JSON_TYPE, "content-encoding": "identity" };
    expect((await post("/api/kinds", '{"title":"plain"}', plain)).status).toBe(201);
  });

  it("[HT46] a batch of a hundred thousand items is refused by its count", async () => {
    const { status, text } = await post("/api/kinds/batch", `{"items":[${"{},".repeat(100_000)}{}]}`);
    expect([status, JSON.parse(text).code], text.slice(0, 300)).toEqual([400, "BATCH_LIMIT_EXCEEDED"]);
    const ids = await SELF.fetch("http://localhost/api/kinds/batch", {
      method: "DELETE",
      body: `{"ids":[${'"x",'.repeat(100_000)}"x"]}`,
      headers: JSON_TYPE,
    });
    expect(ids.status).toBe(400);
    expect((await ids.text()).length).toBeLessThan(2000);
  });

  it("[HT22] a body with a hundred thousand wrong members is not answered with a hundred thousand errors", async () => {
    const members = Array.from({ length: 100_000 }, (_, n) => `"${n.toString(36)}":0`).join(",");
    for (const path of ["/api/strict", "/api/kinds"]) {
      const { status, text } = await post(path, `{${members}}`);
      expect(status).toBe(400);
      expect(text.length, path).toBeLessThan(50_000);
    }
    const patched = await SELF.fetch("http://localhost/api/strict/019a0000-0000-7000-8000-000000000001", {
      method: "PUT",
      body: `{"name":"x",${members}}`,
      headers: { ...JSON_TYPE, "if-match": "*" },
    });
    expect((await patched.text()).length).toBeLessThan(50_000);
    const issues = await post("/api/letters", `{"email":"no","data":{"deep":{"age":[${"0,".repeat(100_000)}0]}}}`);
    expect([issues.status, issues.text.length < 50_000], issues.text.slice(0, 300)).toEqual([400, true]);
  });

  it("[QL8] a thousand unknown parameters are not answered with a thousand errors", async () => {
    const reply = await SELF.fetch(
      `http://localhost/api/kinds?${Array.from({ length: 3000 }, (_, n) => n.toString(36)).join("&")}`,
    );
    expect(reply.status).toBe(400);
    expect((await reply.text()).length).toBeLessThan(50_000);
  });

  it("[HT21] members called like those of all objects are ordinary members, and no row, reply or prototype gets them", async () => {
    for (const body of [
      '{"title":"p","__proto__":{"polluted":true,"count":99}}',
      '{"title":"p","constructor":{"prototype":{"polluted":true}}}',
      '{"title":"p","data":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}',
      '{"title":"p","data":[{"__proto__":["polluted"]}]}',
    ]) {
      const { status, text } = await post("/api/kinds", body);
      expect(status, text).toBe(201);
      const row = JSON.parse(text) as { count: number; id: string; data: unknown };
      expect(row.count).toBe(7);
      // What was put into a JSON column is data, and comes back as it was.
      expect(text.includes("__proto__")).toBe(body.includes('"data"') && body.includes("__proto__"));
      for (const path of ["/api/kinds/batch/upsert", "/api/kinds/batch"])
        expect(
          (
            await post(
              path,
              `{"items":[${body.replace("{", '{"id":"019a0000-0000-7000-8000-00000000aaaa",')}],"__proto__":{"polluted":true}}`,
            )
          ).status,
        ).toBe(400);
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it("[HT22] the last of twin members counts, everywhere alike", async () => {
    const { text } = await post("/api/kinds", '{"title":"first","title":"second","data":{"a":1,"a":2}}');
    expect(JSON.parse(text)).toMatchObject({ title: "second", data: { a: 2 } });
  });
});
