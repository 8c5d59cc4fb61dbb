/** A request stays that of the session it began with: no repetition goes out as another person ([SDK6] [A15]). */

import { describe, expect, test } from "vitest";
import type { SessionStorageLike } from "../../src/client/auth-types.ts";
import { createClient } from "../../src/client/ledge-client-auth.ts";
import { type Answer, fakePlatform, problem, type Sent } from "./fake-server.ts";

const user = (id: string) => ({ id, email: null, emailVerified: true, name: "", roles: [], data: {} });
const CHANGED = { name: "AuthError", code: "SIGN_IN_CHANGED", status: 0, retryable: false };
const UNAVAILABLE = problem(503, "UNAVAILABLE");
const EXPIRED = problem(401, "UNAUTHORIZED", { reason: "expired" });

type Carrier = "cookie" | "token";

/** A server whose sign-ins are those of the address, and what it does with the tasks. */
function open(carrier: Carrier, serveTask: (sent: Sent, client: Board, tries: number) => Promise<Answer | "lost">) {
  const kept = new Map<string, string>();
  const storage: SessionStorageLike = {
    getItem: async (key) => kept.get(key) ?? null,
    setItem: async (key, value) => void kept.set(key, value),
    removeItem: async (key) => void kept.delete(key),
  };
  let sessions = 0;
  let me = "a";
  const session = (id: string, name: string): Answer => ({
    body: {
      user: user(id),
      ...(carrier === "cookie"
        ? { sessionId: name }
        : { accessToken: `${id}-${name}-${++sessions}`, refreshToken: `${name}.${sessions}`, expiresIn: 900 }),
    },
  });
  const tasks: Sent[] = [];
  const platform = fakePlatform(async (sent) => {
    const body = sent.body as { readonly email: string; readonly refreshToken: string };
    if (sent.url.endsWith("/login")) {
      me = body.email;
      return session(body.email, `s${++sessions}`);
    }
    if (sent.url.endsWith("/refresh")) return session(me, body.refreshToken.split(".")[0] ?? "");
    if (sent.url.endsWith("/logout")) return { status: 204 };
    if (sent.url.endsWith("/me")) return { body: { user: user(me) } };
    tasks.push(sent);
    return serveTask(sent, client, tasks.length) as Promise<Answer>;
  });
  const client = createClient({ url: "https://x.test", platform, auth: { carrier, storage, readCookies: () => "" } });
  return { client, tasks, kept, signIn: (email: string) => signIn(client, email) };
}

type Board = ReturnType<typeof createClient>;

const signIn = (client: Board, email: string) => client.auth.signInWithPassword({ email, password: "p" });

describe("a request is repeated only as the person who made it", () => {
  for (const carrier of ["token", "cookie"] as const)
    for (const failure of [UNAVAILABLE, "lost", EXPIRED] as const) {
      // Without a token a 401 is the answer.
      if (carrier === "cookie" && failure === EXPIRED) continue;
      test(`[SDK6] [A2] by ${carrier}, after ${failure === "lost" ? failure : failure.status}, whoever signs in gets no row of another's`, async () => {
        const {
          client,
          tasks,
          signIn: enter,
        } = open(carrier, async (_, present) => {
          await present.auth.signOut();
          await signIn(present, "b");
          return failure;
        });
        await enter("a");
        await expect(client.resource("tasks").create({ title: "of a" })).rejects.toMatchObject(CHANGED);
        expect(tasks).toHaveLength(1);
      });
    }

  test("[SDK6] [A3] whoever has signed out sends nothing more, and strangers do not become the one who signs in", async () => {
    const out = open("token", async (_, present) => {
      await present.auth.signOut();
      return UNAVAILABLE;
    });
    await out.signIn("a");
    await expect(out.client.resource("tasks").create({})).rejects.toMatchObject(CHANGED);
    const stranger = open("token", async (_, present) => {
      await signIn(present, "b");
      return UNAVAILABLE;
    });
    await expect(stranger.client.resource("tasks").list()).rejects.toMatchObject(CHANGED);
    expect([out.tasks.length, stranger.tasks.length]).toEqual([1, 1]);
  });

  test("[SDK5] [SDK6] a renewed token, a renewal of one's own, and finding out who is there are no other person", async () => {
    const renewing = open("token", async (_, present, tries) => {
      if (tries === 1) return EXPIRED;
      if (tries > 2) return { status: 201, body: { id: "1" } };
      await present.auth.refreshSession();
      return UNAVAILABLE;
    });
    await renewing.signIn("a");
    await renewing.client.resource("tasks").create({});
    expect(new Set(renewing.tasks.map(({ headers }) => headers.authorization)).size).toBe(3);
    const asking = open("cookie", async (_, present, tries) => {
      if (tries > 1) return { status: 201, body: { id: "1" } };
      await present.auth.getUser();
      return UNAVAILABLE;
    });
    await asking.client.resource("tasks").create({});
    expect(asking.tasks).toHaveLength(2);
  });

  test("[SDK6] [A15] another tab's sign-in counts, by cookie too, and is announced as one", async () => {
    const {
      client,
      tasks,
      kept,
      signIn: enter,
    } = open("cookie", async (_, __, tries) => {
      if (tries === 2) kept.set("ledge.session", JSON.stringify({ user: user("b") }));
      return tries === 1 ? { status: 201, body: { id: "1" } } : UNAVAILABLE;
    });
    await enter("a");
    kept.set("ledge.session", JSON.stringify({ user: user("a") }));
    const heard: string[] = [];
    client.auth.onAuthStateChange((change) => heard.push(change));
    await client.resource("tasks").create({});
    await client.auth.getSession();
    heard.length = 0;
    await expect(client.resource("tasks").create({})).rejects.toMatchObject(CHANGED);
    expect([tasks.length, heard]).toEqual([2, ["SIGNED_IN"]]);
  });

  test("[SDK6] by cookie a storage that fails keeps no request from going out, or from its repetition", async () => {
    const platform = fakePlatform((_, index) => (index === 0 ? UNAVAILABLE : { status: 201, body: { id: "1" } }));
    const storage = {
      getItem: async () => Promise.reject(new Error("blocked")),
      setItem: () => {},
      removeItem: () => {},
    };
    const auth = { carrier: "cookie" as const, storage, readCookies: () => "" };
    await createClient({ url: "https://x.test", platform, auth }).resource("tasks").create({});
    expect(platform.sent).toHaveLength(2);
  });
});
