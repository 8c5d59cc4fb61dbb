/** Requests that are overtaken by another between two of their steps: nothing that was acknowledged is lost, nobody is told of a defect. */

import { expect, it } from "vitest";
import { announce, bucket, keys, send, settle, store, sweep } from "./client.ts";
import { interposedEnv, sendIn } from "./interposed-env.ts";

const HERE = "t/test/binned/overtaken";
const CASES = "t/test/cases";
const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = async (to: string) => new TextDecoder().decode((await send("alice", to)).bytes);
const text = { name: "c.txt", type: "text/plain" };
const plain = (bytes: Uint8Array) => ({ "content-type": "text/plain", "content-length": String(bytes.length) });
const isRemoval = (name: string, asked: string) => name === "call" && asked.includes('"op":"delete"');

it("[FS10] a file that gets other bytes while it is moved stays with them; the move is told that it was overtaken", async () => {
  const at = "/api/@overtaken/binned";
  const id = await store("alice", at, text, bytesOf("old"));
  const slow = interposedEnv(
    (name) => name === "put",
    async () => {
      const { status } = await send("alice", `PUT ${at}/${id}/content`, bytesOf("newer"), { "if-match": "*" });
      expect(status).toBe(200);
    },
  );
  const moved = await sendIn(slow, `POST ${at}/${id}/move`, { to: "aim" }, { "if-match": "*" });
  expect(slow.hasHappened()).toBe(true);
  expect([moved.status, await moved.json()]).toMatchObject([409, { reason: "contended" }]);
  for (const object of [HERE, "t/test/binned/aim"]) await settle(object);
  expect(await textOf(`GET ${at}/${id}/content`)).toBe("newer");
  // What was sent is taken back, and a move that is asked for again moves the file as it is now.
  expect((await send("alice", `GET /api/@aim/binned/${id}/content`)).status).toBe(404);
  expect(await keys("t/test/binned/aim/")).toEqual([]);
  const again = await send("alice", `POST ${at}/${id}/move`, { to: "aim" }, { "if-match": "*" });
  expect(again.status).toBe(201);
  expect(await textOf(`GET /api/@aim/binned/${id}/content`)).toBe("newer");
  expect((await send("alice", `GET ${at}/${id}`)).status).toBe(404);
});

it("[FS10] a move that was cut off, and whose source has other bytes since, is finished with these", async () => {
  const at = "/api/@overtaken/binned";
  const move = `POST ${at}/%/move`;
  const id = await store("alice", at, { ...text, room: "overtaken" }, bytesOf("old"));
  const cut = interposedEnv(
    (name) => name === "put",
    () => Promise.reject(new Error("gone")),
  );
  expect((await sendIn(cut, move.replace("%", id), { to: "aim" }, { "if-match": "*" })).status).toBe(503);
  const young = { "content-length": "9", "content-type": "application/octet-stream", "if-match": "*" };
  expect((await send("alice", `PUT ${at}/${id}/content`, bytesOf("the newer"), young)).status).toBe(200);
  const again = await send("alice", move.replace("%", id), { to: "aim" }, { "if-match": "*" });
  expect([again.status, again.json.type, again.json.size]).toEqual([201, "application/octet-stream", 9]);
  expect(await textOf(`GET /api/@aim/binned/${id}/content`)).toBe("the newer");
  for (const object of [HERE, "t/test/binned/aim"]) await settle(object);
});

it("[FS8] a file that is replaced or goes while a sweep looks for its bytes has not lost them", async () => {
  const at = "/api/papers";
  const [replaced, gone] = [
    await store("alice", at, text, bytesOf("one")),
    await store("alice", at, text, bytesOf("two")),
  ];
  const during = interposedEnv(
    (name) => name === "head",
    async () => {
      await send("alice", `PUT ${at}/${replaced}/content`, bytesOf("three"));
      await send("alice", `DELETE ${at}/${gone}`);
      await settle("t/test/desk");
    },
  );
  const admin = { authorization: "Bearer dev:root,role=admin" };
  for (let next: unknown = { in: "rows", at: 0, after: null }; next !== null; ) {
    const step = await sendIn(during, "POST /_/files/sweep", { next } as object, admin);
    const found = (await step.json()) as { readonly lost: unknown[]; readonly next: unknown };
    expect(found.lost).toEqual([]);
    next = found.next;
  }
  expect(during.hasHappened()).toBe(true);
});

it("[HT67] an attachment that is stored while another put takes its name for one that was left alone keeps its row", async () => {
  const id = await announce("alice", "/api/cases", { title: "case" });
  const at = `/api/cases/${id}/attachments/n.txt`;
  const [first, second] = [bytesOf("first"), bytesOf("second")];
  // With it the case has as many files as it may have: a second row of the name would be one too many.
  for (const name of ["a", "b"])
    expect((await send("alice", `PUT /api/cases/${id}/attachments/${name}`, first, plain(first))).status).toBe(201);
  let mayPut = () => {};
  const gate = new Promise<void>((resolve) => {
    mayPut = resolve;
  });
  let isPutting = () => {};
  const putting = new Promise<void>((resolve) => {
    isPutting = resolve;
  });
  const slow = interposedEnv(
    (name) => name === "put",
    () => {
      isPutting();
      return gate;
    },
  );
  const stored = sendIn(slow, `PUT ${at}`, first, plain(first));
  await putting;
  let made: { readonly id?: string } = {};
  const late = interposedEnv(isRemoval, async () => {
    mayPut();
    const reply = await stored;
    expect(reply.status).toBe(201);
    made = await reply.json();
  });
  const replaced = await sendIn(late, `PUT ${at}`, second, plain(second));
  expect(late.hasHappened()).toBe(true);
  expect([replaced.status, await replaced.json()]).toMatchObject([200, { id: made.id }]);
  expect(await textOf(`GET ${at}`)).toBe("second");
  await settle(CASES);
  expect(await keys(`${CASES}/enclosures/${made.id}/`)).toHaveLength(1);
  expect(await sweep("look")).toEqual({ orphans: [], lost: [], overdue: [] });
});

it("[HT67] an announcement whose bytes were stored after all is not taken away with the put that failed", async () => {
  const id = await announce("alice", "/api/cases", { title: "case" });
  const at = `/api/cases/${id}/attachments/n.txt`;
  const bytes = bytesOf("whole");
  const admin = "alice,role=admin";
  // Who announced it stores the bytes under the row's own path, before the put that failed takes it away.
  let status = 0;
  const cut = interposedEnv(isRemoval, async (asked) => {
    const { intent } = JSON.parse(asked) as { readonly intent: { readonly id: string } };
    ({ status } = await send(admin, `PUT /api/enclosures/${intent.id}/content`, bytes));
  });
  const wrong = {
    ...plain(bytes),
    authorization: `Bearer dev:${admin}`,
    "content-digest": `sha-256=:${"A".repeat(43)}=:`,
  };
  expect((await sendIn(cut, `PUT ${at}`, bytes, wrong)).status).toBe(400);
  expect([cut.hasHappened(), status]).toEqual([true, 200]);
  expect(await textOf(`GET ${at}`)).toBe("whole");
});

it("[FS7] a download whose bytes are replaced before the bucket is asked sends the new ones, and of a file that goes is 404", async () => {
  const id = await store("alice", "/api/papers", text, bytesOf("old"));
  const at = `/api/papers/${id}/content`;
  const read = (happen: () => Promise<unknown>) =>
    interposedEnv(
      (name) => name === "get",
      async () => {
        await happen();
        await settle("t/test/desk");
      },
    );
  const replaced = read(() => send("alice", `PUT ${at}`, bytesOf("the new ones")));
  const reply = await sendIn(replaced, `GET ${at}`);
  expect([reply.status, await reply.text(), reply.headers.get("content-length")]).toEqual([200, "the new ones", "12"]);
  const removed = read(() => send("alice", `DELETE /api/papers/${id}`));
  expect((await sendIn(removed, `GET ${at}`)).status).toBe(404);
  for (const { hasHappened } of [replaced, removed]) expect(hasHappened()).toBe(true);
});

it("[FS7] a file whose bytes somebody took out of the bucket is a defect, not looked for for ever", async () => {
  const id = await store("alice", "/api/papers", text, bytesOf("taken"));
  await bucket.delete(await keys(`t/test/desk/papers/${id}/`));
  expect((await send("alice", `GET /api/papers/${id}/content`)).status).toBe(500);
  await send("alice", `DELETE /api/papers/${id}`);
  await settle("t/test/desk");
});
