/** Cursors: what they carry, and the order in which they are refused. */

import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { Fault } from "../../../src/core/fault.ts";
import { type CursorExpectation, decodeCursor, encodeCursor, type SignCursor } from "../../../src/core/query/cursor.ts";

const signer =
  (secret: string): SignCursor =>
  async (payload) =>
    new Uint8Array(createHmac("sha256", secret).update(payload).digest());
const NEW = signer("new");
const OLD = signer("old");
const POSITION = { table: "@acme/tasks", order: "0123456789abcdef", key: ['é😀"', 1.5, null, true, "id"], atMs: 1000 };
const EXPECTED: CursorExpectation = { table: "@acme/tasks", order: "0123456789abcdef", keyLength: 5, nowMs: 2000 };

async function refusal(text: string, expected: Partial<CursorExpectation> = {}, signers = [NEW, OLD]): Promise<string> {
  try {
    await decodeCursor(text, { ...EXPECTED, ...expected }, signers);
  } catch (error) {
    if (error instanceof Fault) return error.data.slug === "cursor-invalid" ? error.data.reason : error.data.slug;
    throw error;
  }
  return "accepted";
}

const encoded = (content: unknown) => Buffer.from(JSON.stringify(content)).toString("base64url");

async function signed(content: unknown): Promise<string> {
  const payload = encoded(content);
  return `${payload}.${Buffer.from((await NEW(payload)).subarray(0, 16)).toString("base64url")}`;
}

test("[PG1] base64url JSON, a dot, and 16 bytes of HMAC", async () => {
  const text = await encodeCursor(POSITION, NEW);
  const [payload = "", mac = ""] = text.split(".");
  expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toEqual({
    v: 1,
    t: "@acme/tasks",
    o: "0123456789abcdef",
    k: POSITION.key,
    at: 1000,
  });
  expect(Buffer.from(mac, "base64url")).toEqual(createHmac("sha256", "new").update(payload).digest().subarray(0, 16));
  expect(await decodeCursor(text, EXPECTED, [NEW])).toEqual(POSITION);
});

test("[PG1] a cursor of the old secret is still read, one of another is not", async () => {
  const text = await encodeCursor(POSITION, OLD);
  expect(await refusal(text)).toBe("accepted");
  expect(await refusal(text, {}, [NEW])).toBe("tampered");
});

test.each([
  "",
  "x",
  ".",
  "a.b",
  `${encoded([1])}.${"A".repeat(22)}`,
  `${encoded({})}.${"A".repeat(22)}`,
  `${encoded({ v: 1 })}.${"A".repeat(21)}`,
  `${encoded({ v: 1 })}=.${"A".repeat(22)}`,
  `!.${"A".repeat(22)}`,
  `${"A".repeat(9000)}.${"A".repeat(22)}`,
])("[PG2] %s is malformed", async (text) => {
  expect(await refusal(text)).toBe("malformed");
});

test("[PG2] checks come in order: shape, signature, version, table, order", async () => {
  const text = await encodeCursor(POSITION, NEW);
  expect(await refusal(`${text.slice(0, -1)}${text.endsWith("A") ? "B" : "A"}`, { table: "other" })).toBe("tampered");
  expect(await refusal(`${encoded({ v: 2 })}.${"A".repeat(22)}`)).toBe("tampered");
  expect(await refusal(await signed({ v: 2, t: 1 }))).toBe("version_mismatch");
  expect(await refusal(await signed({ v: 1, t: 1 }))).toBe("malformed");
  expect(await refusal(text, { table: "other", order: "other" })).toBe("table_mismatch");
  expect(await refusal(text, { order: "other", maxAgeMs: 1 })).toBe("orderby_mismatch");
  expect(await refusal(text, { keyLength: 4 })).toBe("orderby_mismatch");
});

test("[PG2] a cursor older than the maximum age is expired", async () => {
  const text = await encodeCursor(POSITION, NEW);
  expect(await refusal(text, { maxAgeMs: 1000 })).toBe("accepted");
  expect(await refusal(text, { maxAgeMs: 999 })).toBe("cursor-expired");
});

test("[PG3] a cursor carries neither filter nor page size", async () => {
  const [payload = ""] = (await encodeCursor(POSITION, NEW)).split(".");
  expect(Object.keys(JSON.parse(Buffer.from(payload, "base64url").toString()))).toEqual(["v", "t", "o", "k", "at"]);
});
