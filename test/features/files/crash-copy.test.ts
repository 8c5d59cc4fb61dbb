/** A Worker that dies at any moment of a copy, a move or an attachment leaves no orphan, no lost file, and can be asked again. */

import { expect, it } from "vitest";
import { announce, keys, send, settle, store, storeInParts } from "./client.ts";
import { atEveryMoment, dying } from "./every-moment.ts";

const DESK = "t/test/desk";
const CASES = "t/test/cases";
const HERE = "t/test/binned/from";
const THERE = "t/test/binned/into";
const bytesOf = (text: string) => new TextEncoder().encode(text);
const text = { name: "c.txt", type: "text/plain" };

it.each([
  ["a file", store],
  ["a file that came in parts", storeInParts],
] as const)(
  "[FS10] a copy of %s that dies at any moment is either there, with its bytes, or not",
  async (kind, make) => {
    const moments = await atEveryMoment([DESK], async (crash, moment) => {
      const bytes = bytesOf(`copied ${kind} ${moment}`);
      const name = `${make.name}-${moment}`;
      const id = await make("alice", "/api/papers", text, bytes);
      await dying(crash, `POST /api/papers/${id}/copy`, { row: { name } });
      // Whatever became of the copy, the first may go.
      await send("alice", `DELETE /api/papers/${id}`);
      await settle(DESK);
      const { json } = await send("alice", `GET /api/papers?filter=name=="${name}"`);
      const copies = json.items as { readonly id: string }[];
      expect(copies.length).toBeLessThanOrEqual(1);
      for (const copy of copies)
        expect((await send("alice", `GET /api/papers/${copy.id}/content`)).bytes).toEqual(bytes);
      expect(await keys(`${DESK}/papers/${id}/`)).toHaveLength(copies.length);
    });
    // Load, create: two moments each.
    expect(moments).toBe(4);
  },
);

it("[FS10] a move that dies at any moment leaves the file here, there or both, and is finished by being asked again, or left alone", async () => {
  const moments = await atEveryMoment([HERE, THERE], async (crash, moment) => {
    const bytes = bytesOf(`moved ${moment}`);
    const id = await store("alice", "/api/@from/binned", text, bytes);
    await dying(crash, `POST /api/@from/binned/${id}/move`, { to: "into" }, { "if-match": "*" });
    const places = [`/api/@from/binned/${id}`, `/api/@into/binned/${id}`];
    const seen = await Promise.all(places.map((place) => send("alice", `GET ${place}/content`)));
    const there = seen.filter(({ status }) => status === 200);
    expect(there.length).toBeGreaterThanOrEqual(1);
    for (const found of there) expect(found.bytes).toEqual(bytes);
    // What is left behind after one thing and before the next is the same: of both, one is asked again and one is left alone.
    if (moment % 4 < 2) {
      const again = await send("alice", `POST /api/@from/binned/${id}/move`, { to: "into" }, { "if-match": "*" });
      expect([200, 201, 404]).toContain(again.status);
      expect((await send("alice", `GET ${places[1]}/content`)).bytes).toEqual(bytes);
      expect((await send("alice", `GET ${places[0]}`)).status).toBe(404);
    }
    for (const object of [HERE, THERE]) await settle(object);
    for (const room of ["from", "into"]) {
      const { status } = await send("alice", `GET /api/@${room}/binned/${id}/content`);
      const held = await keys(`t/test/binned/${room}/binned/${id}/`);
      if (status === 200) expect(held).toHaveLength(1);
      else if (room === "into") expect(held).toEqual([]);
    }
  });
  // Load here; announce, look, read, claim, put, store there; remove here.
  expect(moments).toBe(16);
});

it("[HT67] an attachment whose Worker dies at any moment is there or not, and the name can be put again by anybody", async () => {
  const moments = await atEveryMoment([CASES], async (crash, moment) => {
    const id = await announce("alice", "/api/cases", { title: "case" });
    const at = `/api/cases/${id}/attachments/n.txt`;
    const bytes = bytesOf(`attached ${moment}`);
    const type = { "content-type": "text/plain" };
    await dying(crash, `PUT ${at}`, bytes, type);
    const seen = await send("alice", `GET ${at}`);
    if (seen.status === 200) expect(seen.bytes).toEqual(bytes);
    else expect(seen.status).toBe(404);
    const young = bytesOf(`another ${moment}`);
    const again = await send("alice", `PUT ${at}`, young, { ...type, "content-length": String(young.length) });
    expect([200, 201]).toContain(again.status);
    expect((await send("alice", `GET ${at}`)).bytes).toEqual(young);
  });
  // The case; find, announce, load, claim, put, store.
  expect(moments).toBe(14);
});

it("[HT67] an attachment that gets other bytes while its Worker dies at any moment has the old ones or the new", async () => {
  const moments = await atEveryMoment([CASES], async (crash, moment) => {
    const id = await announce("alice", "/api/cases", { title: "case" });
    const at = `/api/cases/${id}/attachments/n.txt`;
    const [old, young] = [bytesOf(`old ${moment}`), bytesOf(`the new ${moment}`)];
    const type = { "content-type": "text/plain" };
    const { json } = await send("alice", `PUT ${at}`, old, { ...type, "content-length": String(old.length) });
    await dying(crash, `PUT ${at}`, young, type);
    expect([old, young]).toContainEqual((await send("alice", `GET ${at}`)).bytes);
    await send("alice", `DELETE /api/cases/${id}`);
    await settle(CASES);
    expect(await keys(`${CASES}/enclosures/${json.id}/`)).toEqual([]);
  });
  expect(moments).toBe(12);
});
