import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { announce, bucket, keys, rowOf, send, store, sweep, tables } from "./client.ts";

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

  const found = { orphans, lost: [{ object: "t/test/desk", table: "papers", id: lost }] };
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
  for (let index = 0; index < 60; index++) await store(null, "/api/@many/binned", row, bytesOf(`many ${index}`));
  for (let index = 0; index < 120; index++)
    await bucket.put(`t/test/binned/many/binned/x${index}/${"2".repeat(32)}`, "x");
  const [bad] = await keys("t/test/binned/many/binned/0");
  await bucket.delete(String(bad));
  const { orphans, lost } = await sweep("remove");
  expect([orphans.length, lost.length >= 1]).toEqual([120, true]);
});
