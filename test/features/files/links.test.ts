import { expect, it } from "vitest";
import { announce, PNG, send, store } from "./client.ts";

const ROOT = "/api/papers";
const bytes = new TextEncoder().encode("for whoever holds the link");

async function linkTo(path: string, user: string | null, body?: object): Promise<string> {
  const { status, json } = await send(user, `POST ${path}/link`, body);
  expect(status, JSON.stringify(json)).toBe(200);
  return String(json.url);
}

it("[FS12] a link serves the file to anybody, whole and by range, until it ends", async () => {
  const id = await store("alice", ROOT, { name: "l.txt", type: "text/plain" }, bytes);
  expect((await send("alice", `POST ${ROOT}/${id}/link`, new ReadableStream({ start: (c) => c.close() }))).status).toBe(
    200,
  );
  const { json, headers } = await send("alice", `POST ${ROOT}/${id}/link`, { expiresIn: 60 });
  const leftMs = Date.parse(String(json.expiresAt)) - Date.now();
  expect([leftMs > 0, leftMs <= 60_000, headers.get("cache-control")]).toEqual([true, true, "no-store"]);
  const got = await send(null, `GET ${json.url}`);
  expect([got.status, got.bytes]).toEqual([200, bytes]);
  expect(got.headers.get("content-disposition")).toBe('attachment; filename="l.txt"');
  expect((await send("bob", `GET ${json.url}`, undefined, { range: "bytes=0-2" })).status).toBe(206);
  expect((await send(null, `GET ${ROOT}/${id}/content`)).status).toBe(401);
  await send("alice", `DELETE ${ROOT}/${id}`);
  expect((await send(null, `GET ${json.url}`)).status).toBe(404);
});

it("[FS12] a link of a partition needs no way into it; one that shows, shows", async () => {
  const id = await store(null, "/api/@links/binned", { name: "p.png", type: "image/png" }, PNG);
  const url = await linkTo(`/api/@links/binned/${id}`, null, { use: "show" });
  const shown = await send("bob", `GET ${url}`);
  expect(shown.headers.get("content-disposition")).toBe('inline; filename="p.png"');
  // In an `<img>` of another site, too; under a session's own right only in our own.
  const policy = "cross-origin-resource-policy";
  expect(shown.headers.get(policy)).toBe("cross-origin");
  const own = await send("bob", `GET /api/@links/binned/${id}/content`);
  expect([own.status, own.headers.get(policy)]).toEqual([200, "same-site"]);
  // Signed for another object: that partition lets nobody in, and no link either.
  expect((await send(null, `GET ${url.replace("@links", "@closed")}`)).status).toBe(403);
});

it("[FS12] whatever is changed, left out or added makes a link worthless, and so does time", async () => {
  const id = await store("alice", ROOT, { name: "l.txt", type: "text/plain" }, bytes);
  const other = await store("alice", ROOT, { name: "m.txt", type: "text/plain" }, PNG.slice(50));
  const url = await linkTo(`${ROOT}/${id}`, "alice");
  const expires = Number(/expires=(\d+)/.exec(url)?.[1]);
  const bent = [
    url.replace(id, other),
    url.replace("/papers/", "/moments/"),
    url.replace("use=download", "use=show"),
    url.replace("use=download", "use=run"),
    url.replace("use=download&", ""),
    url.replace(`expires=${expires}`, `expires=${expires + 1}`),
    url.replace(`expires=${expires}`, `expires=0${expires}x`),
    url.replace(`expires=${expires}`, "expires="),
    url.replace(/signature=./, "signature=g"),
    url.replace(/signature=../, (start) => (start.endsWith("0") ? "signature=1" : "signature=0")),
    url.replace(/signature=.*/, "signature="),
    url.slice(0, -2),
    `${url}00`,
    `${url}&x=1`,
    `${url}&use=show`,
  ];
  for (const each of bent) {
    const { status, json } = await send(null, `GET ${each}`);
    expect([each, status, json.detail]).toEqual([each, 403, "The link is not valid, or has ended"]);
  }
  const short = await linkTo(`${ROOT}/${id}`, "alice", { expiresIn: 1 });
  while (Math.trunc(Date.now() / 1000) < Number(/expires=(\d+)/.exec(short)?.[1]))
    await new Promise((r) => setTimeout(r, 50));
  expect((await send(null, `GET ${short}`)).status).toBe(403);
  // Written as a number with another text, it is the same time, and still not what was signed for another row.
  expect((await send(null, `GET ${url.replace(`expires=${expires}`, `expires=0${expires}`)}`)).status).toBe(200);
});

it("[FS12] only who may read a file that is there makes links to it, for seven days at most", async () => {
  const id = await store("alice", ROOT, { name: "l.txt", type: "text/plain" }, bytes);
  expect((await send("bob", `POST ${ROOT}/${id}/link`)).status).toBe(404);
  expect((await send(null, `POST ${ROOT}/${id}/link`)).status).toBe(401);
  const pending = await announce("alice", ROOT, { name: "l.txt", type: "text/plain", size: 1 });
  expect((await send("alice", `POST ${ROOT}/${pending}/link`)).status).toBe(404);
  for (const body of [
    { expiresIn: 0 },
    { expiresIn: 604_801 },
    { expiresIn: 1.5 },
    { expiresIn: "60" },
    { use: "run" },
    [],
  ])
    expect([body, (await send("alice", `POST ${ROOT}/${id}/link`, body)).status]).toEqual([body, 400]);
  expect((await send("alice", `POST ${ROOT}/${id}/link`, { expiresIn: 604_800 })).status).toBe(200);
});
