/** Images in sizes of presets ([FS5]), by the Images binding as it is there locally; and the answers where it is not. */

import { env } from "cloudflare:test";
import { expect, it } from "vitest";
import { imageSize } from "../../../src/core/files/image-size.ts";
import { app } from "./app.ts";
import { announce, send, store } from "./client.ts";

/** 64 × 32. */
const WIDE = Uint8Array.from(
  atob(
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAAAgCAIAAAAt/+nTAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAXklEQVRYhe2SUQkAQBSDlsT+URbrQtyHPBgYwMlSOE10g24AesXuQtwlukE3AL1idyHuEt2gG4BesbsQd4lu0A1Ar9hdiLtEN+gGoFfsLsRdoht0A9ArdhfiLtENPnkm4yB58/u2JAAAAABJRU5ErkJggg==",
  ),
  (character) => character.charCodeAt(0),
);
const png = { name: "wide.png", type: "image/png" };

it("[FS5] a preset shows an image in its size and format, once by tag", async () => {
  const id = await store(null, "/api/pictures", png, WIDE);
  const at = `GET /api/pictures/${id}/content`;
  const thumb = await send(null, `${at}?use=show&preset=thumb`);
  expect([thumb.status, thumb.headers.get("content-type"), imageSize(thumb.bytes)]).toEqual([
    200,
    "image/webp",
    { width: 16, height: 16 },
  ]);
  expect(thumb.headers.get("content-disposition")).toBe('inline; filename="wide.png.webp"');
  expect(thumb.headers.get("content-security-policy")).toContain("sandbox");
  const etag = thumb.headers.get("etag") ?? "";
  expect((await send(null, `${at}?preset=thumb`, undefined, { "if-none-match": etag })).status).toBe(304);
  const narrow = await send(null, `${at}?preset=narrow`, undefined, { range: "bytes=0-3", "if-none-match": etag });
  expect([narrow.status, imageSize(narrow.bytes)]).toEqual([200, { width: 32, height: 16 }]);
  expect((await send(null, at)).bytes).toEqual(WIDE);
});

it("[FS5] [FS12] a link grants the preset that it names, and no other", async () => {
  const id = await store(null, "/api/pictures", png, WIDE);
  const { json } = await send(null, `POST /api/pictures/${id}/link`, { use: "show", preset: "thumb" });
  const url = String(json.url);
  expect(imageSize((await send(null, `GET ${url}`)).bytes)).toEqual({ width: 16, height: 16 });
  for (const other of [url.replace("preset=thumb", "preset=narrow"), url.replace("&preset=thumb", "")])
    expect((await send(null, `GET ${other}`)).status).toBe(403);
  expect((await send(null, `POST /api/pictures/${id}/link`, { preset: "none" })).status).toBe(400);
});

it("[FS5] what is no image of the list, and no preset of the table, is told so", async () => {
  const id = await store(null, "/api/pictures", { name: "n.txt", type: "text/plain" }, new TextEncoder().encode("no"));
  const file = await send(null, `GET /api/pictures/${id}/content?preset=thumb`);
  expect([file.status, (file.json.errors as { message: string }[])[0]?.message]).toEqual([
    400,
    "is for images, and the file is text/plain",
  ]);
  const other = await send(null, `GET /api/pictures/${id}/content?preset=large`);
  expect((other.json.errors as { message: string }[])[0]?.message).toBe("must be one of thumb, narrow");
  const paper = await store("alice", "/api/papers", png, WIDE);
  expect((await send("alice", `GET /api/papers/${paper}/content?preset=thumb`)).status).toBe(400);
});

it("[FS5] an image larger than the table takes is refused before it is stored", async () => {
  const huge = Uint8Array.from(WIDE);
  new DataView(huge.buffer).setUint32(16, 101);
  const id = await announce(null, "/api/pictures", { ...png, size: huge.length });
  const { status, json } = await send(null, `PUT /api/pictures/${id}/content`, huge);
  expect([status, (json.errors as { message: string }[])[0]?.message]).toEqual([
    400,
    "is 101 × 32 pixels, limit is 100 × 100",
  ]);
});

it("[FS5] bytes that the binding cannot read are no image, and whatever else fails may be tried again", async () => {
  const id = await store(null, "/api/pictures", png, WIDE);
  const failing = (code: number) => ({
    transform: () => failing(code),
    output: () => Promise.reject(Object.assign(new Error(`IMAGES_TRANSFORM_ERROR ${code}`), { code })),
  });
  const status = async (code: number) => {
    const bound = { ...env, LEDGE_IMAGES: { input: () => failing(code) } } as never;
    return (await app.request(`/api/pictures/${id}/content?preset=thumb`, {}, bound)).status;
  };
  expect([await status(9412), await status(9413), await status(9000)]).toEqual([415, 415, 503]);
});

it("[FS5] without the binding the answer says so, and the image is there as it is", async () => {
  const id = await store(null, "/api/pictures", png, WIDE);
  const bare = { ...env, LEDGE_IMAGES: undefined } as never;
  const thumb = await app.request(`/api/pictures/${id}/content?preset=thumb`, {}, bare);
  expect([thumb.status, ((await thumb.json()) as { detail: string }).detail]).toEqual([
    503,
    "Images are not resized here",
  ]);
  expect((await app.request(`/api/pictures/${id}/content`, {}, bare)).status).toBe(200);
});
