import { describe, expect, test } from "vitest";
import type { SessionStorageLike } from "../../src/client/auth-types.ts";
import { createClient } from "../../src/client/ledge-client-auth.ts";
import { type Answer, EMPTY_PAGE, fakePlatform, problem, type Sent, type Serve } from "./fake-server.ts";

const user = { id: "u-1", email: "a@example.com", emailVerified: true, name: "", roles: [], data: {} };
const PERSON = { email: "a@example.com", password: "p" };

/** A server with sessions by token, each refresh good once, and what it was asked. */
function tokenServer() {
  let sessions = 0;
  const present = new Map<string, number>();
  const refreshes: string[] = [];
  const issue = (session: string): Answer => {
    const use = (present.get(session) ?? 0) + 1;
    present.set(session, use);
    const body = { user, accessToken: `${session}-access-${use}`, refreshToken: `${session}.${use}`, expiresIn: 900 };
    return { body };
  };
  const serve: Serve = ({ url, method, headers, body }: Sent) => {
    if (url.endsWith("/login")) return issue(`s${++sessions}`);
    if (url.endsWith("/refresh")) {
      const { refreshToken } = body as { readonly refreshToken: string };
      refreshes.push(refreshToken);
      const [session = "", use] = refreshToken.split(".");
      return String(present.get(session)) === use ? issue(session) : problem(401, "UNAUTHORIZED");
    }
    const token = headers.authorization?.replace("Bearer ", "") ?? "";
    const [session = "", , use] = token.split("-");
    if (String(present.get(session)) !== use)
      return problem(401, "UNAUTHORIZED", { reason: present.has(session) ? "expired" : "invalid-credentials" });
    if (method === "POST" && url.endsWith("/logout")) {
      present.delete(session);
      return { status: 204 };
    }
    return url.endsWith("/me") ? { body: { user, session: null } } : { body: EMPTY_PAGE };
  };
  return { serve, refreshes, present };
}

function memory(): SessionStorageLike & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: async (key) => kept.get(key) ?? null,
    setItem: async (key, value) => void kept.set(key, value),
    removeItem: async (key) => void kept.delete(key),
  };
}

function pair(serve: Serve) {
  const storage = memory();
  const one = () =>
    createClient({ url: "https://board.test", platform: fakePlatform(serve), auth: { carrier: "token", storage } });
  return { storage, first: one(), second: one() };
}

type Late = ReturnType<typeof pair>["first"];

describe("two clients of one storage", () => {
  test("[A15] [A5] what one has renewed the other uses: nobody is signed out by a token that was used", async () => {
    const { serve, refreshes } = tokenServer();
    const { first, second, storage } = pair(serve);
    await first.auth.signInWithPassword(PERSON);
    expect(await second.auth.isAuthenticated()).toBe(true);
    await first.auth.refreshSession();
    expect((await second.auth.refreshSession())?.refreshToken).toBe("s1.3");
    await first.resource("notes").list();
    await second.resource("notes").list();
    expect(refreshes).toEqual(["s1.1", "s1.2"]);
    expect(storage.kept.size).toBe(1);
  });

  test("[A15] [A5] a refusal that is overtaken by another one's renewal or sign-in ends nothing", async () => {
    const server = tokenServer();
    const { first, second, storage } = pair((sent, index) => server.serve(sent, index));
    await first.auth.signInWithPassword(PERSON);
    const held = Promise.withResolvers<void>();
    const slow = createClient({
      url: "https://board.test",
      platform: fakePlatform(async (sent, index) => {
        if (!sent.url.endsWith("/refresh")) return server.serve(sent, index) as Answer;
        // Somebody else uses the token first.
        await held.promise;
        return server.serve(sent, index) as Answer;
      }),
      auth: { carrier: "token", storage },
    });
    const changes: string[] = [];
    slow.auth.onAuthStateChange((change) => changes.push(change));
    await slow.auth.getSession();
    const renewal = slow.auth.refreshSession();
    await second.auth.signInWithPassword(PERSON);
    server.present.delete("s1");
    held.resolve();
    expect((await renewal)?.refreshToken).toBe("s2.1");
    expect(JSON.parse(storage.kept.get("ledge.session") ?? "null").refreshToken).toBe("s2.1");
    expect(changes).toEqual(["INITIAL_SESSION", "SIGNED_IN"]);
  });

  test("[A15] [A6] what one does the other announces when it notices", async () => {
    const { serve } = tokenServer();
    const { first, second } = pair(serve);
    const heard: string[] = [];
    second.auth.onAuthStateChange((change) => heard.push(change));
    await second.auth.getSession();
    await first.auth.signInWithPassword(PERSON);
    await second.auth.getSession();
    await first.auth.refreshSession();
    await second.auth.getSession();
    await first.auth.signOut();
    expect(await second.auth.isAuthenticated()).toBe(false);
    expect(heard).toEqual(["INITIAL_SESSION", "SIGNED_IN", "TOKEN_REFRESHED", "SIGNED_OUT"]);
  });

  test("[A3] a sign-out that comes late does not erase a newer session", async () => {
    const server = tokenServer();
    const storage = memory();
    const held = Promise.withResolvers<void>();
    const options = (serve: Serve) => ({
      url: "https://board.test",
      platform: fakePlatform(serve),
      auth: { carrier: "token" as const, storage },
    });
    const first = createClient(
      options(async (sent, index) => {
        const answer = (await server.serve(sent, index)) as Answer;
        if (sent.url.endsWith("/logout")) await held.promise;
        return answer;
      }),
    );
    const second = createClient(options(server.serve));
    await first.auth.signInWithPassword(PERSON);
    const out = first.auth.signOut();
    await second.auth.signInWithPassword(PERSON);
    held.resolve();
    await out;
    expect(JSON.parse(storage.kept.get("ledge.session") ?? "null").refreshToken).toBe("s2.1");
  });

  test("[A3] [A5] signing out and asking who is there renew a token that has expired: the session ends on the server too", async () => {
    const { serve, present } = tokenServer();
    await pair(serve).first.auth.signInWithPassword(PERSON);
    const expiring: Serve = (sent, index) =>
      sent.headers.authorization === "Bearer s1-access-1" && !sent.url.endsWith("/refresh")
        ? problem(401, "UNAUTHORIZED", { reason: "expired" })
        : serve(sent, index);
    for (const [refreshToken, act] of [
      ["s1.1", async (late: Late) => expect((await late.auth.getUser())?.id).toBe("u-1")],
      ["s1.2", async (late: Late) => late.auth.signOut()],
    ] as const) {
      const { first: late, storage } = pair(expiring);
      storage.kept.set("ledge.session", JSON.stringify({ user, accessToken: "s1-access-1", refreshToken }));
      await act(late);
      expect([refreshToken, present.has("s1"), storage.kept.size]).toEqual(
        refreshToken === "s1.1" ? ["s1.1", true, 1] : ["s1.2", false, 0],
      );
    }
  });
});

describe("by cookie", () => {
  test("[A4] [A5] answers to an old cookie that come late change nothing", async () => {
    for (const path of ["/me", "/refresh"]) {
      const held = Promise.withResolvers<void>();
      const board = createClient({
        url: "https://board.test",
        platform: fakePlatform(async ({ url }) => {
          if (url.endsWith("/login")) return { body: { user, sessionId: "new" } };
          await held.promise;
          return url.endsWith("/me") ? { body: { user: null, session: null } } : problem(401, "UNAUTHORIZED");
        }),
        auth: { carrier: "cookie", readCookies: () => "" },
      });
      const late = path === "/me" ? board.auth.getUser() : board.auth.refreshSession();
      await board.auth.signInWithPassword(PERSON);
      const changes: string[] = [];
      board.auth.onAuthStateChange((change) => changes.push(change));
      held.resolve();
      await late;
      expect([path, (await board.auth.getSession())?.sessionId, changes]).toEqual([path, "new", ["INITIAL_SESSION"]]);
    }
  });
});
