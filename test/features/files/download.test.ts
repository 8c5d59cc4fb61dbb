import { expect, it } from "vitest";
import { PNG, send, store } from "./client.ts";

const ROOT = "/api/papers";
const text = "0123456789";
const bytesOf = (content: string) => new TextEncoder().encode(content);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

let made: Promise<string> | undefined;
function ten(): Promise<string> {
  made ??= store("alice", ROOT, { name: "ten.txt", type: "text/plain" }, bytesOf(text));
  return made;
}

const ranges: readonly (readonly [range: string, status: number, body: string | null, contentRange: string | null])[] =
  [
    ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
    ["bytes=4-", 206, "456789", "bytes 4-9/10"],
    ["bytes=-3", 206, "789", "bytes 7-9/10"],
    ["bytes=8-99", 206, "89", "bytes 8-9/10"],
    ["BYTES = 9-9", 206, "9", "bytes 9-9/10"],
    ["bytes=-99", 206, text, "bytes 0-9/10"],
    ["bytes=10-", 416, null, "bytes */10"],
    ["bytes=-0", 416, null, "bytes */10"],
    ["bytes=99999999999999999999-", 416, null, "bytes */10"],
    ["bytes=3-1", 200, text, null],
    ["bytes=a-b", 200, text, null],
    ["bytes=0-1,3-4", 200, text, null],
    ["lines=0-1", 200, text, null],
    ["bytes=", 200, text, null],
  ];

for (const [range, status, body, contentRange] of ranges) {
  it(`[FS7] the range "${range}" is answered with ${status}`, async () => {
    const reply = await send("alice", `GET ${ROOT}/${await ten()}/content`, undefined, { range });
    expect([reply.status, reply.headers.get("content-range")]).toEqual([status, contentRange]);
    if (body !== null) expect(textOf(reply.bytes)).toBe(body);
    if (body !== null) expect(reply.headers.get("content-length")).toBe(String(body.length));
    else expect(reply.json).toMatchObject({ code: "RANGE_NOT_SATISFIABLE", size: 10 });
  });
}

it("[HT35] a download has a strong tag and a date, and answers conditions on both", async () => {
  const path = `${ROOT}/${await ten()}/content`;
  const { headers } = await send("alice", `GET ${path}`);
  const [tag = "", date = ""] = [headers.get("etag") ?? "", headers.get("last-modified") ?? ""];
  expect(tag).toMatch(/^"sha256:[0-9a-f]{64}"$/);
  const past = "Mon, 01 Jan 2024 00:00:00 GMT";
  const expected: [Record<string, string>, number][] = [
    [{ "if-none-match": tag }, 304],
    [{ "if-none-match": `W/${tag}` }, 304],
    [{ "if-none-match": '"other"' }, 200],
    [{ "if-none-match": '"other"', "if-modified-since": date }, 200],
    [{ "if-modified-since": date }, 304],
    [{ "if-modified-since": past }, 200],
    [{ "if-modified-since": "yesterday" }, 200],
    [{ "if-match": '"other"' }, 412],
    [{ "if-match": tag }, 200],
    [{ "if-match": `W/${tag}` }, 412],
    [{ "if-unmodified-since": past }, 412],
    [{ "if-unmodified-since": date }, 200],
    [{ range: "bytes=0-1", "if-range": tag }, 206],
    [{ range: "bytes=0-1", "if-range": `W/${tag}` }, 200],
    [{ range: "bytes=0-1", "if-range": date }, 206],
    [{ range: "bytes=0-1", "if-range": past }, 200],
    [{ range: "bytes=99-", "if-none-match": tag }, 304],
  ];
  for (const [conditions, status] of expected) {
    const reply = await send("alice", `GET ${path}`, undefined, conditions);
    expect([conditions, reply.status]).toEqual([conditions, status]);
    if (status === 304) expect([reply.bytes.length, reply.headers.get("etag")]).toEqual([0, tag]);
  }
});

it("[FS7] HEAD tells length, type and tag, without the bytes", async () => {
  const reply = await send("alice", `HEAD ${ROOT}/${await ten()}/content`);
  expect([reply.status, reply.bytes.length, reply.headers.get("content-length")]).toEqual([200, 0, "10"]);
  const part = await send("alice", `HEAD ${ROOT}/${await ten()}/content`, undefined, { range: "bytes=2-4" });
  expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 2-4/10"]);
});

it("[FS7] whoever may not read the row does not get its bytes", async () => {
  const path = `${ROOT}/${await ten()}/content`;
  expect((await send("bob", `GET ${path}`)).status).toBe(404);
  expect((await send(null, `GET ${path}`)).status).toBe(401);
});

it("[HT67] what was uploaded never runs in our origin: scripts are downloads, under a policy that allows nothing", async () => {
  const script = "<script>alert(1)</script>";
  const harmful: [string, string, string][] = [
    ["page.html", "text/html", script],
    ["image.svg", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`],
    ["feed.xml", "application/xml", `<?xml version="1.0"?><x>${script}</x>`],
    ["page.xhtml", "application/xhtml+xml", script],
  ];
  for (const [name, type, content] of harmful) {
    const id = await store("alice", ROOT, { name, type }, bytesOf(content));
    const { headers } = await send("alice", `GET ${ROOT}/${id}/content?use=show`);
    expect(headers.get("content-disposition")).toBe(`attachment; filename="${name}"`);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'; sandbox");
    expect(headers.get("content-type")?.split(";")[0]).toBe(type);
  }
  const picture = await store("alice", ROOT, { name: "p.png", type: "image/png" }, PNG);
  const shown = await send("alice", `GET ${ROOT}/${picture}/content?use=show`);
  expect(shown.headers.get("content-disposition")).toBe('inline; filename="p.png"');
  const saved = await send("alice", `GET ${ROOT}/${picture}/content`);
  expect(saved.headers.get("content-disposition")).toBe('attachment; filename="p.png"');
  expect((await send("alice", `GET ${ROOT}/${picture}/content?use=run`)).status).toBe(400);
});

it("[FS4] names that would break a header or a path are refused; others arrive as they are", async () => {
  const row = { type: "text/plain", size: 1 };
  const bad = [
    "",
    ".",
    "..",
    "a/b",
    "a\\b",
    "a\nb",
    "a\u0000b",
    "cv\u202efdp.exe",
    "\ufeffx",
    "x".repeat(256),
    "😀".repeat(64),
  ];
  for (const name of bad) {
    const { status } = await send("alice", `POST ${ROOT}`, { ...row, name });
    expect([name, status]).toEqual([name, 400]);
  }
  const names: [string, string][] = [
    ['a".txt', `attachment; filename="a_.txt"; filename*=UTF-8''a%22.txt`],
    ["a;b%20.txt", `attachment; filename="a_b_20.txt"; filename*=UTF-8''a%3Bb%2520.txt`],
    ["Grüße 😀.txt", `attachment; filename="Gr__e __.txt"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%F0%9F%98%80.txt`],
    ["it's (1)*.txt", `attachment; filename="it's (1)*.txt"`],
  ];
  for (const [name, header] of names) {
    const id = await store("alice", ROOT, { name, type: "text/plain" }, bytesOf("x"));
    const { headers } = await send("alice", `GET ${ROOT}/${id}/content`);
    expect(headers.get("content-disposition")).toBe(header);
  }
});

it("[FS4] a file has to be what it says: size, type, digest and the bytes themselves", async () => {
  const refuse = async (row: object, bytes: Uint8Array | null, headers: Record<string, string> = {}) => {
    const made = await send("alice", `POST ${ROOT}`, { name: "f", ...row });
    if (made.status !== 201) return made.status;
    const { id } = made.json;
    const reply = await send("alice", `PUT ${ROOT}/${id}/content`, bytes ?? undefined, headers);
    expect((await send("alice", `GET ${ROOT}/${id}`)).status).toBe(reply.status === 200 ? 200 : 404);
    return reply.status;
  };
  const html = bytesOf("<html><script>alert(1)</script></html>");
  expect(await refuse({ type: "image/png", size: html.length }, html)).toBe(415);
  expect(await refuse({ type: "application/pdf", size: 4 }, bytesOf("text"))).toBe(415);
  expect(await refuse({ type: "image/jpeg", size: PNG.length }, PNG)).toBe(415);
  expect(await refuse({ type: "text/html", size: PNG.length }, PNG)).toBe(415);
  expect(await refuse({ type: "text/plain", size: 3 }, bytesOf("four"))).toBe(400);
  expect(await refuse({ type: "text/plain", size: 5 }, bytesOf("four"))).toBe(400);
  expect(await refuse({ type: "text/plain", size: 4 }, null)).toBe(400);
  expect(await refuse({ type: "text/plain", size: 0 }, new Uint8Array())).toBe(200);
  expect(await refuse({ type: "application/octet-stream", size: PNG.length }, PNG)).toBe(200);
  expect(await refuse({ type: "text/plain", size: 4 }, bytesOf("four"), { "content-encoding": "gzip" })).toBe(415);
  const digest = (letter: string) => ({ "content-digest": `sha-256=:${letter.repeat(43)}=:` });
  expect(await refuse({ type: "text/plain", size: 4 }, bytesOf("four"), digest("A"))).toBe(400);
  const right = btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest("SHA-256", bytesOf("four")))));
  expect(await refuse({ type: "text/plain", size: 4 }, bytesOf("four"), { "repr-digest": `sha-256=:${right}:` })).toBe(
    200,
  );
  expect(await refuse({ type: "text/plain", size: 40_000_001 }, null)).toBe(413);
  expect(await refuse({ type: "application/x-msdownload", size: 1 }, null)).toBe(415);
  for (const type of ["", "text", "text/", "TEXT/PLAIN", "text/plain; charset=x", "text/pl\nain", "a/b/c"])
    expect([type, await refuse({ type, size: 1 }, null)]).toEqual([type, 400]);
  for (const size of [-1, 1.5, "4", null, 2 ** 60])
    expect([size, await refuse({ type: "text/plain", size }, null)]).toEqual([size, 400]);
});
