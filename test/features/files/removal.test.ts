/** Bytes go with their rows, by whatever path these go: also by another table's hook, which runs no hooks of its own ([FS8]). */

import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { announce, keys, rowOf, send, settle, store, sweep, tables } from "./client.ts";

const DESK = "t/test/desk";
const bytesOf = (text: string) => new TextEncoder().encode(text);

it("[FS8] a file that another table's hook removes takes its bytes along, stored or on their way", async () => {
  const row = { name: "hook.txt", type: "text/plain" };
  const id = await store("alice", "/api/papers", row, bytesOf("by hook"));
  const announced = await announce("alice", "/api/papers", { ...row, size: 3 });
  expect((await send("alice", `POST /api/papers/${announced}/upload`)).status).toBe(201);
  expect((await send("alice", `PUT /api/papers/${announced}/upload/1`, bytesOf("abc"))).status).toBe(200);

  await announce("alice", "/api/tasks", { title: "drop hook.txt" });
  expect(await rowOf(DESK, "papers", id)).toBeUndefined();
  await settle(DESK);
  for (const gone of [id, announced]) expect(await keys(`${DESK}/papers/${gone}/`)).toEqual([]);
  expect(await sweep("look")).toEqual({ orphans: [], lost: [], overdue: [] });
});

it("[FS8] a removal by a hook that is undone leaves the bytes and asks for nothing", async () => {
  const id = await store("alice", "/api/papers", { name: "kept!", type: "text/plain" }, bytesOf("kept"));
  const refused = await send("alice", "POST /api/tasks", { title: "drop kept!" });
  expect(refused.status).toBe(409);
  await settle(DESK);
  expect((await send("alice", `GET /api/papers/${id}/content`)).bytes).toEqual(bytesOf("kept"));
});

it("[FS8] one removal lets go of the bytes once", async () => {
  const id = await store("alice", "/api/papers", { name: "once", type: "text/plain" }, bytesOf("once"));
  await send("alice", `DELETE /api/papers/${id}`);
  const [last] = await runInDurableObject(tables.getByName(DESK), (_, state) =>
    state.storage.sql.exec("SELECT effects FROM _log ORDER BY seq DESC LIMIT 1").toArray(),
  );
  const effects = JSON.parse(String(last?.effects)) as { readonly name?: string }[];
  expect(effects.filter(({ name }) => name === "files.release")).toHaveLength(1);
});
