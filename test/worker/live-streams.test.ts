/** Event streams on real objects: the order and form of events, where an id stands, resume, and refusals before the stream opens. */

import { expect, it } from "vitest";
import { openStream } from "../support/live-socket.ts";
import { send } from "../support/scenario.ts";

const article = (user: string, title: string) =>
  send({ user, to: "POST /api/articles", body: { ownerId: user, title } });
const path = (user: string, more = "") =>
  `/api/articles/subscribe?filter=${encodeURIComponent(`ownerId=="${user}"`)}${more}`;

it("[SS1] [SS2] [SS3] [SS4] a stream opens with its position, shows what is there, then each commit, with an id where resuming loses nothing", async () => {
  await article("streamer", "one");
  const { response, next, abort } = await openStream(path("streamer"), "streamer");
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  expect(response.headers.get("cache-control")).toBe("no-cache, no-transform");
  const connected = await next();
  expect(connected).toMatchObject({ event: "connected", data: { object: "t/test/articles", resumed: false } });
  expect(connected?.id).toBeUndefined();
  const existing = await next();
  expect(existing).toMatchObject({ event: "message", data: { type: "existing", object: { title: "one" } } });
  expect(existing?.id).toBeUndefined();
  const { epoch, tag, seq } = connected?.data ?? {};
  const ready = { event: "ready", id: `${epoch}:${seq}:${tag}`, data: { seq, kinds: { title: "text" } } };
  expect(await next()).toMatchObject(ready);
  const made = await article("streamer", "two");
  const added = await next();
  expect(added).toMatchObject({ event: "message", data: { type: "added", object: { id: made.body.id } } });
  expect(added?.id).toBe(`${epoch}:${added?.data.seq}:${tag}`);
  await send({ user: "streamer", to: `DELETE /api/articles/${made.body.id}` });
  const removed = await next();
  expect(removed?.data).toMatchObject({ type: "removed", objectId: made.body.id });
  expect(removed?.data.object).toBeUndefined();
  abort();
});

it("[SS5] [SS6] [SS7] a stream resumes from the id of an event; from what tells too little it is reset", async () => {
  const first = await openStream(path("goeson"), "goeson");
  await first.next();
  const ready = await first.next();
  first.abort();
  await article("goeson", "missed");
  const again = await openStream(path("goeson"), "goeson", { "last-event-id": String(ready?.id) });
  expect(await again.next()).toMatchObject({ event: "connected", data: { resumed: true } });
  expect(await again.next()).toMatchObject({ data: { type: "added", object: { title: "missed" } } });
  expect(await again.next()).toMatchObject({ event: "ready" });
  again.abort();
  const plain = await openStream(path("goeson", "&resumeFrom=3"), "goeson");
  expect(await plain.next()).toMatchObject({ event: "connected", data: { resumed: false } });
  expect(await plain.next()).toMatchObject({
    id: "",
    data: { type: "invalidate", meta: { reset: true, purge: true } },
  });
  expect(await plain.next()).toMatchObject({ data: { type: "existing" } });
  plain.abort();
  const { response } = await openStream(path("goeson", "&resumeFrom=nonsense"), "goeson");
  expect(response.status).toBe(400);
});

it("[SS9] an aggregate has a stream of its own", async () => {
  await article("totals", "one");
  const filter = encodeURIComponent('ownerId=="totals"');
  const { next, abort } = await openStream(`/api/articles/aggregate/subscribe?count=true&filter=${filter}`, "totals");
  expect(await next()).toMatchObject({ event: "connected" });
  expect(await next()).toMatchObject({ event: "aggregate", data: { data: { groups: [{ key: null, count: 1 }] } } });
  await article("totals", "two");
  expect(await next()).toMatchObject({ event: "aggregate", data: { data: { groups: [{ key: null, count: 2 }] } } });
  abort();
});

it("[LV7] what is wrong with a filter, or with rights, is answered before the stream opens", async () => {
  const wrong = await openStream("/api/articles/subscribe?filter=secret%3D%3D1", "streamer");
  expect(wrong.response.status).toBe(400);
  expect(wrong.response.headers.get("content-type")).toBe("application/problem+json");
  expect((await openStream("/api/diaries/subscribe", null)).response.status).toBe(401);
});
