/** Sockets and streams end with the access they were opened by ([RV6]): at a sign-out, of that session alone; with a key; and those on their way. */

import { SELF } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { Browser, ORIGIN, PASSWORD, signedIn } from "./browser.ts";

const OPEN = { upgrade: "websocket", origin: ORIGIN };

async function openLive(headers: Record<string, string>, more = ""): Promise<Response> {
  return SELF.fetch(`${ORIGIN}/api/notes/live${more}`, { headers: { ...OPEN, ...headers } });
}

/** A socket with a watch that has been answered, and how it ends. */
async function watching(headers: Record<string, string>) {
  const { webSocket: socket, status } = await openLive(headers);
  if (socket === null) throw new Error(`refused: ${status}`);
  const frames: string[] = [];
  const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
  let heard = () => {};
  socket.addEventListener("message", ({ data }) => {
    frames.push(String(data));
    heard();
  });
  const told = async (text: string) => {
    while (!frames.some((frame) => frame.includes(text)))
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
  };
  socket.accept();
  socket.send(JSON.stringify({ type: "hello", v: 1, client: "test" }));
  socket.send(JSON.stringify({ type: "watch", id: 1, resource: "notes" }));
  await told('"snapshot"');
  return { socket, closed, told };
}

describe("access that ends", () => {
  it("[RV6] a sign-out closes the sockets of that session at once, and no others", async () => {
    const { browser, email } = await signedIn();
    const other = new Browser();
    await other.send("POST /api/auth/login", { body: { email, password: PASSWORD } });
    const ending = await watching({ cookie: browser.cookies });
    const staying = await watching({ cookie: other.cookies });
    await browser.send("POST /api/auth/logout");
    expect(await ending.closed).toBe(4401);
    await other.send("POST /api/notes", { body: { body: "still told" } });
    await staying.told("still told");
    await other.send("POST /api/auth/logout", { body: { everywhere: true } });
    expect(await staying.closed).toBe(4401);
  });

  it("[RV6] [Z6] other roles: sockets close so that they come back, and those that do are let in", async () => {
    const { browser } = await signedIn();
    const { closed } = await watching({ cookie: browser.cookies });
    await browser.send("POST /roles/editor");
    expect(await closed).toBe(1012);
    const again = await watching({ cookie: browser.cookies });
    await browser.send("POST /api/notes", { body: { body: "told again" } });
    await again.told("told again");
  });

  it("[RV6] a revoked key closes what it opened", async () => {
    const { browser } = await signedIn();
    const made = await browser.send("POST /api/auth/keys", { body: { name: "script" } });
    const byKey = await watching({ "x-api-key": made.body.key });
    await browser.send(`DELETE /api/auth/keys/${made.body.id}`);
    expect(await byKey.closed).toBe(4401);
  });

  it("[RV6] [SS10] a stream is told so, and ends", async () => {
    const { browser } = await signedIn();
    const response = await SELF.fetch(`${ORIGIN}/api/notes/subscribe`, { headers: { cookie: browser.cookies } });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("event: ready")) text += (await reader?.read())?.value ?? "";
    await browser.send("POST /api/auth/logout");
    for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read()) text += piece.value;
    expect(text).toContain('"type":"invalidate"');
    expect(text).toContain('"reason":"Authentication expired"');
  });

  it("[RV6] [WS1] a ticket made before the end opens nothing after it", async () => {
    const { browser, email } = await signedIn();
    const made = await browser.send("POST /api/live/ticket", { body: { resource: "notes" } });
    expect(made.body.ticket).toBeTypeOf("string");
    await browser.send("POST /api/auth/logout");
    expect((await openLive({}, `?ticket=${made.body.ticket}`)).status).toBe(401);
    const again = new Browser();
    await again.send("POST /api/auth/login", { body: { email, password: PASSWORD } });
    await watching({ cookie: again.cookies });
  });
});
