/** A Worker that dies at any moment of an upload, a replacement or a removal leaves no orphan, no lost file, and nothing half seen. */

import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { releaseBlob } from "../../../src/features/files/release-blob.ts";
import { announce, bucket, keys, rowOf, send, settle, store, storeInParts, tables } from "./client.ts";
import { crashingEnv } from "./crashing-env.ts";
import { atEveryMoment, dying } from "./every-moment.ts";

const DESK = "t/test/desk";
const ROOT = "/api/papers";
const bytesOf = (text: string) => new TextEncoder().encode(text);
const text = { name: "c.txt", type: "text/plain" };

it("[FS8] an upload that dies at any moment is either there or not, and can be sent again", async () => {
  const moments = await atEveryMoment([DESK], async (crash, moment) => {
    const bytes = bytesOf(`upload ${moment}`);
    const id = await announce("alice", ROOT, { ...text, size: bytes.length });
    await dying(crash, `PUT ${ROOT}/${id}/content`, bytes);
    const seen = await send("alice", `GET ${ROOT}/${id}/content`);
    expect([200, 404]).toContain(seen.status);
    if (seen.status === 200) expect(seen.bytes).toEqual(bytes);
    expect((await send("alice", `GET ${ROOT}/${id}`)).status).toBe(seen.status);
    const again = await send("alice", `PUT ${ROOT}/${id}/content`, bytes, { "content-length": String(bytes.length) });
    expect(again.status, JSON.stringify(again.json)).toBe(200);
    expect((await send("alice", `GET ${ROOT}/${id}/content`)).bytes).toEqual(bytes);
  });
  // Load, claim, put, store: two moments each.
  expect(moments).toBe(8);
});

it("[FS8] an announcement whose upload died at any moment ends with everything that had arrived", async () => {
  const moments = await atEveryMoment([DESK], async (crash, moment) => {
    const bytes = bytesOf(`abandoned ${moment}`);
    const id = await announce("alice", ROOT, { ...text, size: bytes.length });
    await dying(crash, `PUT ${ROOT}/${id}/content`, bytes);
    const isThere = (await send("alice", `GET ${ROOT}/${id}`)).status === 200;
    await settle(DESK);
    expect((await rowOf(DESK, "papers", id)) !== undefined).toBe(isThere);
    expect((await keys(`${DESK}/papers/${id}/`)).length).toBe(isThere ? 1 : 0);
  });
  expect(moments).toBe(8);
});

it("[FS8] a replacement that dies at any moment leaves the old bytes or the new ones", async () => {
  const moments = await atEveryMoment([DESK], async (crash, moment) => {
    const [old, young] = [bytesOf(`old ${moment}`), bytesOf(`the new ${moment}`)];
    const id = await store("alice", ROOT, text, old);
    await dying(crash, `PUT ${ROOT}/${id}/content`, young);
    const seen = await send("alice", `GET ${ROOT}/${id}/content`);
    expect([old, young]).toContainEqual(seen.bytes);
    const row = (await send("alice", `GET ${ROOT}/${id}`)).json;
    expect(row.size).toBe(seen.bytes.length);
    await settle(DESK);
    expect(await keys(`${DESK}/papers/${id}/`)).toHaveLength(1);
  });
  // It is looked for among the announced first.
  expect(moments).toBe(10);
});

it("[FS8] a replacement in parts that dies at any moment and is left alone leaves one of both, and nothing else", async () => {
  const moments = await atEveryMoment([DESK], async (crash, moment) => {
    const [old, young] = [bytesOf(`old for parts ${moment}`), bytesOf(`new in parts ${moment}`)];
    const id = await store("alice", ROOT, text, old);
    await send("alice", `POST ${ROOT}/${id}/upload`, { size: young.length, type: text.type });
    await send("alice", `PUT ${ROOT}/${id}/upload/1`, young);
    await dying(crash, `POST ${ROOT}/${id}/upload/complete`);
    await settle(DESK);
    expect([old, young]).toContainEqual((await send("alice", `GET ${ROOT}/${id}/content`)).bytes);
    expect(await keys(`${DESK}/papers/${id}/`)).toHaveLength(1);
    expect(await rowOf(DESK, "papers", id)).toMatchObject({ file_upload_key: null, file_upload: null });
  });
  expect(moments).toBe(10);
});

it("[FS8] equal content of two rows survives whatever moment one of them dies at", async () => {
  const moments = await atEveryMoment([DESK], async (crash, moment) => {
    const bytes = bytesOf(`shared ${moment}`);
    const first = await store("alice", ROOT, text, bytes);
    const second = await announce("alice", ROOT, { ...text, size: bytes.length });
    await dying(crash, `PUT ${ROOT}/${second}/content`, bytes);
    await send("alice", `DELETE ${ROOT}/${first}`);
    await settle(DESK);
    const seen = await send("alice", `GET ${ROOT}/${second}/content`);
    if (seen.status === 200) expect(seen.bytes).toEqual(bytes);
  });
  expect(moments).toBe(8);
});

it.each([
  ["a file", store],
  ["a file that came in parts", storeInParts],
] as const)(
  "[FS8] a removal of %s that dies at any moment is carried out by its effect, delivered again",
  async (_, make) => {
    const moments = await atEveryMoment([DESK], async (crash, moment) => {
      const id = await make("alice", ROOT, text, bytesOf(`removed ${moment}`));
      const [key = ""] = await keys(`${DESK}/papers/${id}/`);
      // Other bytes are on their way to it.
      await send("alice", `POST ${ROOT}/${id}/upload`, { size: 1, type: text.type });
      await send("alice", `PUT ${ROOT}/${id}/upload/1`, bytesOf("n"));
      const upload = await rowOf(DESK, "papers", id);
      await dying(crash, `DELETE ${ROOT}/${id}`);
      const isThere = (await send("alice", `GET ${ROOT}/${id}`)).status === 200;
      await settle(DESK);
      expect((await bucket.head(key)) !== null).toBe(isThere);
      const { parts } = JSON.parse(String(upload?.file_upload)) as { readonly parts: { readonly id: string } };
      const left = bucket.resumeMultipartUpload(String(upload?.file_upload_key), parts.id);
      await expect(left.uploadPart(2, "n")).rejects.toThrow("(10024)");
    });
    expect(moments).toBe(2);
  },
);

it("[TX40] the effect that removes bytes may die at any moment and run any number of times", async () => {
  let moment = 0;
  for (; ; moment++) {
    const id = await store("alice", ROOT, text, bytesOf(`effect ${moment}`));
    const [key = ""] = await keys(`${DESK}/papers/${id}/`);
    const payload = { table: "papers", key, partsId: null };
    const context = { key: "desk:1:0", epoch: "e", attempt: 1, object: DESK as never };
    // While a row holds them nothing removes its bytes.
    await releaseBlob(payload, { ...context, env: crashingEnv(null).env });
    expect(await bucket.head(key)).not.toBeNull();
    await runInDurableObject(tables.getByName(DESK), (_, state) => {
      state.storage.sql.exec("DELETE FROM papers WHERE id = ?", id);
    });
    const crash = crashingEnv(moment);
    await Promise.resolve(releaseBlob(payload, { ...context, env: crash.env })).catch(() => {});
    await releaseBlob(payload, { ...context, env: crashingEnv(null).env });
    await releaseBlob(payload, { ...context, env: crashingEnv(null).env });
    expect(await bucket.head(key)).toBeNull();
    if (!crash.hasDied()) break;
  }
  expect(moment).toBe(4);
});

/** Whether it had been stored or not: a row with its bytes, or neither. */
async function leaveAlone(id: string): Promise<number> {
  const { status } = await send("alice", `GET ${ROOT}/${id}`);
  await settle(DESK);
  expect((await rowOf(DESK, "papers", id)) !== undefined).toBe(status === 200);
  expect((await keys(`${DESK}/papers/${id}/`)).length).toBe(status === 200 ? 1 : 0);
  return status;
}

it("[FS8] an upload in parts that dies at any moment of any step goes on where it stood, or ends whole; left alone it ends with all that had arrived", async () => {
  const steps = ["begin", "part", "complete"] as const;
  const counted: Record<string, number> = {};
  for (const step of steps) {
    counted[step] = await atEveryMoment([DESK], async (crash, moment) => {
      const bytes = bytesOf(`${step} ${moment}`);
      const id = await announce("alice", ROOT, { ...text, size: bytes.length });
      const run = async (name: (typeof steps)[number]) => {
        const [to, body] = (
          {
            begin: [`POST ${ROOT}/${id}/upload`],
            part: [`PUT ${ROOT}/${id}/upload/1`, bytes],
            complete: [`POST ${ROOT}/${id}/upload/complete`],
          } as const
        )[name];
        if (name === step) await dying(crash, to, body);
        // Of the last step: what is left behind after one thing and before the next is the same; of both, one is left alone.
        if (name === step && step === "complete" && moment % 4 >= 2) return leaveAlone(id);
        const again = await send("alice", to, body);
        return again.status;
      };
      expect([200, 201]).toContain(await run("begin"));
      expect(await run("part")).toBe(200);
      // A completion that took place, though nobody heard of it, has nothing left to complete.
      expect([200, 404]).toContain(await run("complete"));
      const seen = await send("alice", `GET ${ROOT}/${id}/content`);
      if (step !== "complete" || moment % 4 < 2 || seen.status !== 404) expect(seen.bytes).toEqual(bytes);
    });
  }
  // Load, create, claim; load, part, note; load, seal, complete, store.
  expect(counted).toEqual({ begin: 6, part: 6, complete: 8 });
});

it("[FS8] a replacement in parts that dies at any moment of its beginning or of a part goes on, or leaves the old bytes alone", async () => {
  const counted: Record<string, number> = {};
  for (const step of ["begin", "part"] as const) {
    counted[step] = await atEveryMoment([DESK], async (crash, moment) => {
      const [old, young] = [bytesOf(`old ${step} ${moment}`), bytesOf(`the new ${step} ${moment}`)];
      const id = await store("alice", ROOT, text, old);
      const begin = () => ({ to: `POST ${ROOT}/${id}/upload`, body: { size: young.length, type: text.type } });
      const part = () => ({ to: `PUT ${ROOT}/${id}/upload/1`, body: young });
      if (step === "part") await send("alice", begin().to, begin().body);
      const { to, body } = step === "begin" ? begin() : part();
      await dying(crash, to, body);
      expect((await send("alice", `GET ${ROOT}/${id}/content`)).bytes).toEqual(old);
      // What is left behind after one thing and before the next is the same: of both, one goes on and one is left alone.
      if (moment % 4 < 2) {
        if (step === "begin") expect([200, 201]).toContain((await send("alice", to, body)).status);
        expect((await send("alice", part().to, young)).status).toBe(200);
        expect((await send("alice", `POST ${ROOT}/${id}/upload/complete`)).status).toBe(200);
      }
      await settle(DESK);
      expect((await send("alice", `GET ${ROOT}/${id}/content`)).bytes).toEqual(moment % 4 < 2 ? young : old);
      expect(await keys(`${DESK}/papers/${id}/`)).toHaveLength(1);
      expect(await rowOf(DESK, "papers", id)).toMatchObject({ file_upload_key: null, file_upload: null });
    });
  }
  // It is looked for among the announced first.
  expect(counted).toEqual({ begin: 8, part: 8 });
});
