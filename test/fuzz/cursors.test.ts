/**
 * Forged and displaced cursors ([PG1]–[PG3]), and the other signed thing a client holds, the confirmation of a dry run ([HT32]). A cursor
 * is no right: even a good one shows only what its bearer may see.
 */

import { env, SELF } from "cloudflare:test";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { type CursorPosition, decodeCursor, encodeCursor, type SignCursor } from "../../src/core/query/cursor.ts";
import { app } from "./fuzz-app.ts";
import { base64Url, FOREIGN, SECRET } from "./tokens.ts";

const rowId = (n: number) => `019a0000-0000-7000-8000-0000000001${n.toString().padStart(2, "0")}`;
const JSON_TYPE = { "content-type": "application/json" };

async function ask(
  path: string,
  user = "alice",
  init: RequestInit = {},
): Promise<{ status: number; body: Record<string, unknown>; text: string }> {
  const response = await SELF.fetch(`http://localhost${path}`, {
    ...init,
    headers: { authorization: `Bearer dev:${user}`, ...JSON_TYPE },
  });
  const text = await response.text();
  return { status: response.status, text, body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>) };
}

const page = async (path: string, cursor: string, user?: string) =>
  ask(`${path}${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}`, user);
const refusal = async (path: string, cursor: string, user?: string) => {
  const { status, body } = await page(path, cursor, user);
  return `${status} ${body.code} ${body.reason}`;
};

/** Signs as the product does, under any secret. */
function signer(secret: string): SignCursor {
  const mac = async (keyBytes: Uint8Array, text: string) => {
    const key = await crypto.subtle.importKey("raw", keyBytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text)));
  };
  return async (payload) => mac(await mac(new TextEncoder().encode(secret), "ledge cursor 1"), payload);
}

function contentOf(cursor: string): CursorPosition & Record<string, unknown> {
  const { t, o, k, at } = JSON.parse(atob((cursor.split(".")[0] ?? "").replaceAll("-", "+").replaceAll("_", "/"))) as {
    t: string;
    o: string;
    k: string[];
    at: number;
  };
  return { table: t, order: o, key: k, atMs: at };
}

describe("cursors", () => {
  const cursors: Record<string, string> = {};

  beforeAll(async () => {
    const put = async (path: string, row: object, user?: string) =>
      expect((await ask(path, user, { method: "PUT", body: JSON.stringify(row) })).status).toBe(201);
    for (let n = 1; n <= 3; n++) {
      await put(`/api/kinds/${rowId(n)}`, { title: `k${n}` });
      await put(`/api/parents/${rowId(n)}`, { name: `p${n}` });
      for (const place of ["p1", "p2"])
        await put(`/api/@${place}/items_split/${rowId(n)}`, { name: `${place} ${n}`, rank: n });
      await put(`/api/notes/${rowId(n)}`, { ownerId: "alice", title: `alice ${n}` });
      await put(`/api/notes/${rowId(n + 10)}`, { ownerId: "bob", title: `bob ${n}` }, "bob");
    }
    for (const path of [
      "/api/kinds?limit=1",
      "/api/kinds?limit=1&orderBy=title",
      "/api/parents?limit=1",
      "/api/@p1/items_split?limit=1",
      "/api/@p2/items_split?limit=1",
      "/api/notes?limit=1",
    ])
      cursors[path] = String((await ask(path)).body.nextCursor);
    cursors.bob = String((await ask("/api/notes?limit=1", "bob")).body.nextCursor);
  });
  const kinds = () => cursors["/api/kinds?limit=1"] ?? "";

  it("[PG1] the cursors of this test are good, and signed as it signs", async () => {
    for (const [path, cursor] of Object.entries(cursors))
      if (path.startsWith("/")) expect((await page(path, cursor)).status, path).toBe(200);
    expect(await encodeCursor(contentOf(kinds()), signer(SECRET))).toBe(kinds());
  });

  it("[PG2] a cursor of another table is refused", async () => {
    expect(await refusal("/api/kinds?limit=1", cursors["/api/parents?limit=1"] ?? "")).toBe(
      "400 CURSOR_INVALID table_mismatch",
    );
  });

  it("[PG2] a cursor of another partition is refused, so tenants' cursors cannot be swapped", async () => {
    expect(await refusal("/api/@p2/items_split?limit=1", cursors["/api/@p1/items_split?limit=1"] ?? "")).toBe(
      "400 CURSOR_INVALID table_mismatch",
    );
    expect(await refusal("/api/@p1/items_split?limit=1", cursors["/api/@p2/items_split?limit=1"] ?? "")).toBe(
      "400 CURSOR_INVALID table_mismatch",
    );
  });

  it("[PG2] a cursor of another order is refused", async () => {
    expect(await refusal("/api/kinds?limit=1&orderBy=title", kinds())).toBe("400 CURSOR_INVALID orderby_mismatch");
    expect(await refusal("/api/kinds?limit=1&orderBy=-id", kinds())).toBe("400 CURSOR_INVALID orderby_mismatch");
    expect(await refusal("/api/kinds?limit=1", cursors["/api/kinds?limit=1&orderBy=title"] ?? "")).toBe(
      "400 CURSOR_INVALID orderby_mismatch",
    );
  });

  it("[PG2] no character of a cursor can be changed, dropped or added", async () => {
    const cursor = kinds();
    const outcomes = new Set<string>();
    for (let at = 0; at < cursor.length; at++) {
      const char = cursor[at] === "A" ? "B" : "A";
      outcomes.add(await refusal("/api/kinds?limit=1", `${cursor.slice(0, at)}${char}${cursor.slice(at + 1)}`));
      outcomes.add(await refusal("/api/kinds?limit=1", cursor.slice(0, at)));
      outcomes.add(await refusal("/api/kinds?limit=1", `${cursor.slice(0, at)}A${cursor.slice(at)}`));
    }
    expect([...outcomes].sort()).toEqual(["400 CURSOR_INVALID malformed", "400 CURSOR_INVALID tampered"]);
  });

  it("[PG1] a cursor signed with another secret, another purpose, or nothing is refused", async () => {
    const content = contentOf(kinds());
    const plain: SignCursor = async (payload) => {
      const key = await crypto.subtle.importKey(
        "raw",
        new TextEncoder().encode(SECRET),
        { name: "HMAC", hash: "SHA-256" },
        false,
        ["sign"],
      );
      return new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(payload)));
    };
    for (const sign of [
      signer(FOREIGN),
      signer("signatures of a development server"),
      plain,
      async () => new Uint8Array(32),
    ])
      expect(await refusal("/api/kinds?limit=1", await encodeCursor(content, sign))).toBe(
        "400 CURSOR_INVALID tampered",
      );
  });

  it("[PG2] even a well-signed one of another form is refused and never reaches SQL", async () => {
    const forge = (content: unknown) => {
      const payload = base64Url(JSON.stringify(content));
      return signer(SECRET)(payload).then(
        (mac) => `${payload}.${base64Url(String.fromCharCode(...mac.subarray(0, 16)))}`,
      );
    };
    const { table: t, order: o, key: k, atMs: at } = contentOf(kinds());
    const forms: readonly [unknown, string][] = [
      [{ v: 2, t, o, k, at }, "version_mismatch"],
      [{ v: 1, t, o, k: [], at }, "orderby_mismatch"],
      [{ v: 1, t, o, k: [...k, "x"], at }, "orderby_mismatch"],
      [{ v: 1, t, o, k: [{ $gt: "" }], at }, "malformed"],
      [{ v: 1, t, o, k: [["a"]], at }, "malformed"],
      [{ v: 1, t, o, k: "id", at }, "malformed"],
      [{ v: 1, t: { toString: t }, o, k, at }, "malformed"],
      [{ v: 1, t, o, k, at: "0" }, "malformed"],
      [{ v: "1", t, o, k, at }, "malformed"],
      [[], "malformed"],
      [null, "malformed"],
    ];
    for (const [content, reason] of forms)
      expect(await refusal("/api/kinds?limit=1", await forge(content)), JSON.stringify(content)).toBe(
        `400 CURSOR_INVALID ${reason}`,
      );
    for (const key of [null, 1, true, "", "'; --", "\ud800", "\u0000"]) {
      const { status, text } = await page("/api/kinds?limit=1", await forge({ v: 1, t, o, k: [key], at }));
      expect(status, text).toBeLessThan(500);
    }
  });

  it("[PG1] texts that are no cursors are malformed, whatever their size", async () => {
    for (const text of [
      ".",
      "..",
      "a.b",
      "null",
      "{}",
      `${"A".repeat(20_000)}.${"A".repeat(22)}`,
      `.${"A".repeat(22)}`,
      "\u0000",
      "Ａ.Ａ",
      "%00",
    ])
      expect(await refusal("/api/kinds", text), text.slice(0, 30)).toBe("400 CURSOR_INVALID malformed");
  });

  it("[PG1] [AG7] another caller's cursor shows nothing of theirs: every page is under one's own scope", async () => {
    const { status, body, text } = await page("/api/notes?limit=100", cursors["/api/notes?limit=1"] ?? "", "bob");
    expect(status).toBe(200);
    expect(text).not.toContain("alice");
    expect((body.items as unknown[]).length).toBeGreaterThan(0);
    expect((await page("/api/notes?limit=100", cursors.bob ?? "", "alice")).text).not.toContain("bob");
    expect((await page("/api/denied?limit=100", kinds(), "alice")).status).toBe(403);
  });

  it("[PG1] a cursor of the former secret works only while that secret is still named", async () => {
    const cursor = await encodeCursor(contentOf(kinds()), signer(FOREIGN));
    const status = async (variables: object) => {
      const reply = await app.fetch(new Request(`http://localhost/api/kinds?limit=1&cursor=${cursor}`), {
        ...env,
        ...variables,
      } as never);
      await reply.body?.cancel();
      return reply.status;
    };
    expect(await status({ LEDGE_SECRET_OLD: FOREIGN })).toBe(200);
    expect(await status({ LEDGE_SECRET_OLD: "" })).toBe(400);
    expect(await status({})).toBe(400);
  });

  it("[PG1] an empty secret while developing is none: pages still have cursors", async () => {
    const reply = await app.fetch(new Request("http://localhost/api/kinds?limit=1"), {
      ...env,
      LEDGE_SECRET: "",
    } as never);
    expect([reply.status, typeof ((await reply.json()) as { nextCursor: unknown }).nextCursor]).toEqual([
      200,
      "string",
    ]);
  });

  it("[PG1] the signature is compared in full, wherever it differs: as many steps for the first character as for the last", async () => {
    const sign = signer(SECRET);
    const [payload = "", mac = ""] = (await encodeCursor({ table: "t", order: "o", key: ["x"], atMs: 1 }, sign)).split(
      ".",
    );
    const steps = async (forgedMac: string) => {
      const spy = vi.spyOn(String.prototype, "charCodeAt");
      try {
        await decodeCursor(`${payload}.${forgedMac}`, { table: "t", order: "o", keyLength: 1, nowMs: 2 }, [
          sign,
          signer(FOREIGN),
        ]).catch(() => undefined);
        return spy.mock.calls.length;
      } finally {
        spy.mockRestore();
      }
    };
    const change = (at: number) => `${mac.slice(0, at)}${mac[at] === "A" ? "B" : "A"}${mac.slice(at + 1)}`;
    const counts = new Set([
      await steps(change(0)),
      await steps(change(10)),
      await steps(change(21)),
      await steps(mac),
    ]);
    expect(counts.size).toBe(1);
    expect([...counts][0]).toBeGreaterThanOrEqual(2 * 2 * mac.length);
  });
});
