/** Attachments of rows by name ([X6] [HT67]): rights of the row, limits per row, and files that come and go with it. */

import { expect, it } from "vitest";
import { announce, keys, PNG, rowOf, send, settle, sweep } from "./client.ts";
import { interposedEnv, sendIn } from "./interposed-env.ts";

const CASES = "t/test/cases";
const bytesOf = (text: string) => new TextEncoder().encode(text);
const plain = (bytes: Uint8Array, headers = {}) => ({
  "content-type": "text/plain",
  "content-length": String(bytes.length),
  ...headers,
});

const newCase = () => announce("alice", "/api/cases", { title: "case" });
const at = (id: string, name: string) => `/api/cases/${id}/attachments/${name}`;

function put(user: string | null, id: string, name: string, content: string, headers = {}) {
  const bytes = bytesOf(content);
  return send(user, `PUT ${at(id, name)}`, bytes, plain(bytes, headers));
}

it("[X6] a name below a row is put, read, listed and removed", async () => {
  const id = await newCase();
  const made = await put("alice", id, "note.txt", "hello");
  expect([made.status, made.json.name, made.json.caseId, made.json.author]).toEqual([201, "note.txt", id, "alice"]);
  expect(made.headers.get("location")).toBe(at(id, "note.txt"));
  const seen = await send("bob", `GET ${at(id, "note.txt")}`, undefined, { range: "bytes=1-3" });
  expect([seen.status, new TextDecoder().decode(seen.bytes)]).toEqual([206, "ell"]);
  expect(seen.headers.get("content-disposition")).toContain("attachment");
  expect(seen.headers.get("x-content-type-options")).toBe("nosniff");
  const shown = await send("bob", `GET ${at(id, "note.txt")}?use=show`);
  expect([shown.headers.get("content-disposition"), shown.headers.get("content-type")]).toEqual([
    'inline; filename="note.txt"',
    "text/plain; charset=utf-8",
  ]);
  await put("alice", id, "a.txt", "first");
  const link = await send("bob", `POST ${at(id, "note.txt")}/link`, { expiresIn: 60 });
  expect((await send(null, `GET ${link.json.url}`)).bytes).toEqual(bytesOf("hello"));
  expect((await send(null, `POST ${at(id, "note.txt")}/link`, {})).status).toBe(401);
  const { json } = await send("bob", `GET /api/cases/${id}/attachments`);
  expect((json.items as { name: string }[]).map(({ name }) => name)).toEqual(["a.txt", "note.txt"]);
  expect(JSON.stringify(json)).not.toMatch(/blobKey|uploadKey/);

  expect((await send("alice", `DELETE ${at(id, "note.txt")}`)).status).toBe(204);
  expect((await send("bob", `GET ${at(id, "note.txt")}`)).status).toBe(404);
  expect((await send("alice", `DELETE ${at(id, "note.txt")}`)).status).toBe(404);
});

it("[HT67] putting needs the right to update the row, reading the right to read it; the file table's own rules are for its own paths", async () => {
  const id = await newCase();
  expect((await put(null, id, "n.txt", "x")).status).toBe(401);
  expect((await put("bob", id, "n.txt", "x")).status).toBe(403);
  expect((await put("alice", id, "n.txt", "x")).status).toBe(201);
  expect((await send("bob", `DELETE ${at(id, "n.txt")}`)).status).toBe(403);
  expect((await send(null, `GET ${at(id, "n.txt")}`)).status).toBe(401);
  expect((await send("bob", `GET ${at(id, "n.txt")}`)).status).toBe(200);
  expect((await send("alice", "GET /api/enclosures")).status).toBe(403);
  const absent = "01890000-0000-7000-8000-000000000000";
  expect((await put("alice", absent, "n.txt", "x")).status).toBe(404);
  expect((await send("alice", `GET ${at(absent, "n.txt")}`)).status).toBe(404);
  // Only tables that have attachments have the path.
  expect((await send("alice", `GET /api/papers/${absent}/attachments`)).status).toBe(404);
});

it("[HT67] names, sizes, types and numbers have limits, and say them", async () => {
  const id = await newCase();
  for (const name of ["a%2Fb", "%C3%A4.txt", "a%20b", "x".repeat(129)])
    expect((await put("alice", id, name, "x")).status, name).toBe(400);
  expect((await put("alice", id, "big.txt", "x".repeat(1001))).status).toBe(413);
  const html = await put("alice", id, "x.pdf", "x", { "content-type": "application/pdf" });
  expect([html.status, html.json.supported]).toEqual([415, ["text/*", "image/png"]]);
  expect((await put("alice", id, "x.png", "no png", { "content-type": "image/png" })).status).toBe(415);
  const body = new ReadableStream({ pull: (controller) => controller.close() });
  expect((await send("alice", `PUT ${at(id, "s.txt")}`, body, { "content-type": "text/plain" })).status).toBe(400);
  const png = await send("alice", `PUT ${at(id, "1.png")}`, PNG, {
    "content-type": "image/png",
    "content-length": String(PNG.length),
  });
  expect(png.status).toBe(201);
  for (const name of ["2", "3"]) expect((await put("alice", id, name, name)).status).toBe(201);
  const full = await put("alice", id, "4", "four");
  expect([full.status, full.json.reason]).toEqual([409, "too-many"]);
  // What is there may get other bytes, and what is thrown away makes room.
  expect((await put("alice", id, "3", "three")).status).toBe(200);
  await send("alice", `DELETE ${at(id, "2")}`);
  expect((await put("alice", id, "4", "four")).status).toBe(201);
  await settle(CASES);
  expect(await sweep("look")).toEqual({ orphans: [], lost: [], overdue: [] });
});

it("[HT67] a name that is put again keeps its row; conditions are about its bytes", async () => {
  const id = await newCase();
  const first = await put("alice", id, "n.txt", "one", { "if-none-match": "*" });
  expect((await put("alice", id, "n.txt", "two", { "if-none-match": "*" })).status).toBe(412);
  expect((await put("alice", id, "n.txt", "two", { "if-match": '"other"' })).status).toBe(412);
  const second = await put("alice", id, "n.txt", "two", { "if-match": `"${first.json.hash}"` });
  expect([second.status, second.json.id]).toEqual([200, first.json.id]);
  expect((await send("alice", `GET ${at(id, "n.txt")}`)).bytes).toEqual(bytesOf("two"));
  await settle(CASES);
  expect(await keys(`${CASES}/enclosures/${first.json.id}/`)).toHaveLength(1);
  expect((await send("alice", `DELETE ${at(id, "n.txt")}`, undefined, { "if-match": '"other"' })).status).toBe(412);
});

it("[HT67] an upload that was begun under a name and left alone stands in nobody's way", async () => {
  const id = await newCase();
  const cut = bytesOf("cut");
  const broken = await send("alice", `PUT ${at(id, "n.txt")}`, cut, plain(cut, { "content-length": "5" })).catch(
    () => null,
  );
  expect(broken?.status).not.toBe(201);
  expect((await put("alice", id, "n.txt", "whole")).status).toBe(201);
  await settle(CASES);
  expect(await sweep("look")).toEqual({ orphans: [], lost: [], overdue: [] });
  // Of two at once the one that began later wins, and the other is told so.
  let later = 0;
  const slow = interposedEnv(
    (name) => name === "put",
    async () => {
      later = (await put("alice", id, "race", "two")).status;
    },
  );
  const one = bytesOf("one");
  const { status } = await sendIn(slow, `PUT ${at(id, "race")}`, one, plain(one));
  expect([later, status]).toEqual([201, 409]);
  expect((await send("alice", `GET ${at(id, "race")}`)).bytes).toEqual(bytesOf("two"));
  const { json } = await send("alice", `GET /api/cases/${id}/attachments`);
  expect((json.items as object[]).map((row) => (row as { name: string }).name)).toEqual(["n.txt", "race"]);
});

it("[HT67] what the same person announced under a name and has not sent makes room for their next announcement, and nobody else's", async () => {
  const id = await newCase();
  const admin = (user: string) => `${user},role=admin`;
  const row = { name: "page.txt", type: "text/plain", size: 3, caseId: id };
  const begin = (user: string, name = row.name) => send(admin(user), "POST /api/enclosures", { ...row, name });
  const first = await begin("alice");
  for (const name of ["2", "3"]) expect((await begin("alice", name)).status).toBe(201);
  expect([(await begin("bob")).json.reason, (await begin("alice", "4")).json.reason]).toEqual(["unique", "too-many"]);
  // The page was loaded anew, and the file dropped on it once more.
  const second = await begin("alice");
  expect(second.status).toBe(201);
  // Of the two only the later one may be stored, also before the earlier one has ended.
  const late = await send(admin("alice"), `PUT /api/enclosures/${first.json.id}/content`, bytesOf("abc"));
  expect([404, 409]).toContain(late.status);
  const put = await send(admin("alice"), `PUT /api/enclosures/${second.json.id}/content`, bytesOf("abc"));
  expect(put.status).toBe(200);
  // Also while the earlier one is still there the name leads to what is stored.
  expect((await send("alice", `GET ${at(id, row.name)}`)).bytes).toEqual(bytesOf("abc"));
  // What is stored does not make room.
  expect((await begin("alice")).json.reason).toBe("unique");
  await settle(CASES);
  expect(await rowOf(CASES, "enclosures", String(first.json.id))).toBeUndefined();
  expect(await sweep("look")).toEqual({ orphans: [], lost: [], overdue: [] });
});

it("[HT67] attachments go for good with their row, and only with it come into being", async () => {
  const id = await newCase();
  const kept = await put("alice", id, "kept", "kept");
  const binned = await put("alice", id, "binned", "binned");
  await send("alice", `DELETE ${at(id, "binned")}`);
  await settle(CASES);
  expect(await keys(`${CASES}/enclosures/${binned.json.id}/`)).toHaveLength(1);
  // Of the same name, back from the bin, there can only be one.
  await put("alice", id, "binned", "another");
  expect((await send("root,role=admin", `POST /api/enclosures/${binned.json.id}/restore`)).json.reason).toBe("unique");
  await send("alice", `DELETE /api/cases/${id}`);
  await settle(CASES);
  for (const { json } of [kept, binned]) {
    expect(await rowOf(CASES, "enclosures", String(json.id))).toBeUndefined();
    expect(await keys(`${CASES}/enclosures/${json.id}/`)).toEqual([]);
  }
});
