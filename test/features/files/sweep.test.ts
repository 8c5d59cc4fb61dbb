import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { announce, bucket, keys, rowOf, send, settle, store, sweep, tables } from "./client.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const row = { name: "s.txt", type: "text/plain" };

it("[FS8] a sweep finds what no row holds and what rows have lost, and takes the former away", async () => {
  const held = await store("alice", "/api/papers", row, bytesOf("held"));
  const binned = await store(null, "/api/@b1/binned", row, bytesOf("binned"));
  await send(null, `DELETE /api/@b1/binned/${binned}`, undefined, { "if-match": "*" });
  const pending = await announce("alice", "/api/papers", { ...row, size: 3 });
  await runInDurableObject(tables.getByName("t/test/desk"), (_, state) => {
    state.storage.sql.exec(
      "UPDATE papers SET file_upload_key = ? WHERE id = ?",
      `t/test/desk/papers/${pending}/${"a".repeat(32)}`,
      pending,
    );
  });
  await bucket.put(`t/test/desk/papers/${pending}/${"a".repeat(32)}`, "on its way");
  const orphans = [
    `t/test/binned/b1/binned/${binned}/${"0".repeat(32)}`,
    `t/test/desk/papers/${held}/${"1".repeat(32)}`,
  ];
  const foreign = [
    "t/test/desk/other/1/00000000000000000000",
    "t/test/x",
    "t/other/desk/papers/1/00000000000000000000",
  ];
  for (const key of [...orphans, ...foreign]) await bucket.put(key, "x");
  const lost = await store("alice", "/api/papers", row, bytesOf("lost"));
  await bucket.delete(await keys(`t/test/desk/papers/${lost}/`));

  const found = { orphans, lost: [{ object: "t/test/desk", table: "papers", id: lost }], overdue: [] };
  expect(await sweep("look")).toEqual(found);
  expect(await sweep("remove")).toEqual(found);
  expect(await sweep("look")).toEqual({ ...found, orphans: [] });
  for (const key of foreign) expect(await bucket.head(key)).not.toBeNull();
  expect((await send("alice", `GET /api/papers/${held}/content`)).status).toBe(200);
  expect(await rowOf("t/test/desk", "papers", lost)).toMatchObject({ file_status: "stored" });
  // Bytes that a row promises and the bucket has not are a defect, and told as one.
  expect((await send("alice", `GET /api/papers/${lost}/content`)).status).toBe(500);
});

it("[FS8] a sweep goes on over more keys and rows than one step takes", async () => {
  const count = (to: number) => Array.from({ length: to }, (_, index) => index);
  for (const index of count(51)) await store(null, "/api/@many/binned", row, bytesOf(`many ${index}`));
  await Promise.all(
    count(101).map((index) => bucket.put(`t/test/binned/many/binned/x${index}/${"2".repeat(32)}`, "x")),
  );
  const [bad] = await keys("t/test/binned/many/binned/0");
  await bucket.delete(String(bad));
  const { orphans, lost } = await sweep("remove");
  expect([orphans.length, lost.length >= 1]).toEqual([101, true]);
});

it("[FS8] a sweep finds announcements and uploads that should have ended long ago, and ends them", async () => {
  const object = "t/test/desk";
  const stuck = await announce("alice", "/api/papers", { ...row, size: 3 });
  const fresh = await announce("alice", "/api/papers", { ...row, size: 3 });
  const replaced = await store("alice", "/api/papers", row, bytesOf("replaced"));
  // As if the effects that end them had been given up.
  await runInDurableObject(tables.getByName(object), (_, state) => {
    const set = "UPDATE papers SET file_upload_key = ?, file_upload = ? WHERE id = ?";
    const keyOf = (id: string) => `${object}/papers/${id}/${"b".repeat(32)}`;
    state.storage.sql.exec(set, null, JSON.stringify({ by: "alice", announcedMs: 1 }), stuck);
    state.storage.sql.exec(set, keyOf(replaced), JSON.stringify({ by: "alice", untilMs: 1 }), replaced);
  });
  await bucket.put(`${object}/papers/${replaced}/${"b".repeat(32)}`, "half done");
  const overdue = [stuck, replaced].sort().map((id) => ({ object, table: "papers", id }));
  expect((await sweep("look")).overdue).toEqual(overdue);
  expect((await sweep("remove")).overdue).toEqual(overdue);
  await settle(object);
  expect((await sweep("look")).overdue).toEqual([]);
  expect(await rowOf(object, "papers", stuck)).toBeUndefined();
  expect(await keys(`${object}/papers/${replaced}/`)).toHaveLength(1);
  expect((await send("alice", `GET /api/papers/${replaced}/content`)).bytes).toEqual(bytesOf("replaced"));
  // Of those, one was too young; its own effect ended it in `settle`.
  expect(await rowOf(object, "papers", fresh)).toBeUndefined();
});
