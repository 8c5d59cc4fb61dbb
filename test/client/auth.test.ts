import { describe, expect, test, vi } from "vitest";
import type { AuthSession, SessionStorageLike } from "../../src/client/auth-types.ts";
import { createClient } from "../../src/client/ledge-client-auth.ts";
import { EMPTY_PAGE, fakePlatform, problem, type Serve } from "./fake-server.ts";

const user = { id: "u-1", email: "a@example.com", emailVerified: true, name: "", roles: [], data: {} };
const tokens = (n: number) => ({
  status: 200,
  body: { user, accessToken: `access-${n}`, refreshToken: `refresh.${n}`, expiresIn: 900, tokenType: "Bearer" },
});

function memory(): SessionStorageLike & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    // As React Native has it: with a delay.
    getItem: async (key) => kept.get(key) ?? null,
    setItem: async (key, value) => void kept.set(key, value),
    removeItem: async (key) => void kept.delete(key),
  };
}

function client(serve: Serve, auth: Parameters<typeof createClient>[0]["auth"]) {
  const platform = fakePlatform(serve);
  return {
    platform,
    client: createClient({ url: "https://board.test", platform, ...(auth !== undefined && { auth }) }),
  };
}

describe("client.auth", () => {
  test("[A6] listeners hear what is there and every change, until they leave", async () => {
    const { client: board } = client(({ url }) => (url.endsWith("/login") ? tokens(1) : { status: 204 }), {
      carrier: "token",
    });
    const heard: [string, string | undefined][] = [];
    const leave = board.auth.onAuthStateChange((change, session) => heard.push([change, session?.user.id]));
    expect(board.auth.subscribe).toBe(board.auth.onAuthStateChange);
    await board.auth.getSession();
    await board.auth.signInWithPassword({ email: "a@example.com", password: "p" });
    await board.auth.signOut();
    leave();
    await board.auth.signInWithPassword({ email: "a@example.com", password: "p" });
    expect(heard).toEqual([
      ["INITIAL_SESSION", undefined],
      ["SIGNED_IN", "u-1"],
      ["SIGNED_OUT", undefined],
    ]);
  });

  test("[A6] [LS11] by cookie: a refused request tells a page that its person is signed out, once, and one that knows it asks nothing", async () => {
    const { client: board, platform } = client(
      ({ url }) => (url.endsWith("/login") ? { status: 200, body: { user } } : problem(401, "UNAUTHORIZED")),
      { carrier: "cookie", readCookies: () => "" },
    );
    const heard: string[] = [];
    board.auth.onAuthStateChange((change) => heard.push(change));
    await board.auth.signInWithPassword({ email: "a@example.com", password: "p" });
    const list = () => expect(board.resource("notes").list()).rejects.toMatchObject({ status: 401 });
    await list();
    await vi.waitFor(() => expect(heard).toEqual(["INITIAL_SESSION", "SIGNED_IN", "SIGNED_OUT"]));
    await list();
    expect(platform.sent.map(({ url }) => url.split("/").at(-1))).toEqual(["login", "notes", "refresh", "notes"]);
  });

  test("[A6] [LS11] by cookie: who signs out says whose session is meant, so that nobody else's is ended", async () => {
    const { client: board, platform } = client(
      ({ url }) => (url.endsWith("/logout") ? problem(401, "UNAUTHORIZED") : { status: 200, body: { user } }),
      { carrier: "cookie", readCookies: () => "" },
    );
    await board.auth.signInWithPassword({ email: "a@example.com", password: "p" });
    await board.auth.signOut();
    expect(platform.sent.at(-1)?.headers["ledge-user"]).toBe("u-1");
    expect(await board.auth.isAuthenticated()).toBe(false);
  });

  test("[A2] [A15] by tokens: sign-in keeps them in the storage, a new client finds them, requests carry them", async () => {
    const storage = memory();
    const serve: Serve = ({ url }) => (url.endsWith("/login") ? tokens(1) : { body: EMPTY_PAGE });
    const first = client(serve, { carrier: "token", storage });
    const session = await first.client.auth.signInWithPassword({ email: "a@example.com", password: "p" });
    expect(session).toMatchObject({ accessToken: "access-1", refreshToken: "refresh.1" });
    expect(first.platform.sent[0]?.body).toEqual({ email: "a@example.com", password: "p", session: "token" });
    const second = client(serve, { carrier: "token", storage });
    await second.client.resource("notes").list();
    expect(second.platform.sent[0]?.headers.authorization).toBe("Bearer access-1");
    expect(await second.client.auth.isAuthenticated()).toBe(true);
    await second.client.auth.signOut();
    expect([storage.kept.size, await second.client.auth.isAuthenticated()]).toEqual([0, false]);
  });

  test("[A5] [SDK5] an expired token is renewed once for all who wait, and kept", async () => {
    const storage = memory();
    const serve: Serve = ({ url, headers }) => {
      if (url.endsWith("/login")) return tokens(1);
      if (url.endsWith("/refresh")) return tokens(2);
      return headers.authorization === "Bearer access-1"
        ? problem(401, "UNAUTHORIZED", { reason: "expired" })
        : { body: EMPTY_PAGE };
    };
    const { client: board, platform } = client(serve, { carrier: "token", storage });
    await board.auth.signInWithPassword({ email: "a@example.com", password: "p" });
    await Promise.all([1, 2, 3].map(() => board.resource("notes").list()));
    const refreshes = platform.sent.filter(({ url }) => url.endsWith("/refresh"));
    expect(refreshes.map(({ body }) => body)).toEqual([{ refreshToken: "refresh.1" }]);
    const kept = JSON.parse(storage.kept.get("ledge.session") ?? "null") as AuthSession;
    expect(kept).toMatchObject({ accessToken: "access-2", refreshToken: "refresh.2" });
  });

  test("[A5] [SDK5] whoever hears late that a token has expired uses the one that others have got meanwhile", async () => {
    const held = Promise.withResolvers<void>();
    const expired = problem(401, "UNAUTHORIZED", { reason: "expired" });
    const serve: Serve = ({ url, headers }) => {
      if (url.endsWith("/login")) return tokens(1);
      if (url.endsWith("/refresh")) return tokens(2);
      if (headers.authorization !== "Bearer access-1") return { body: EMPTY_PAGE };
      return url.includes("/late") ? held.promise.then(() => expired) : expired;
    };
    const { client: board, platform } = client(serve, { carrier: "token" });
    await board.auth.signInWithPassword({ email: "a@example.com", password: "p" });
    const late = board.resource("late").list({ timeoutMs: 0 });
    await board.resource("notes").list();
    held.resolve();
    await late;
    expect(platform.sent.filter(({ url }) => url.endsWith("/refresh"))).toHaveLength(1);
  });

  test("[A5] a refresh that is refused ends the session here, and the 401 is the answer", async () => {
    const serve: Serve = ({ url }) =>
      url.endsWith("/login")
        ? tokens(1)
        : problem(401, "UNAUTHORIZED", { reason: url.endsWith("/refresh") ? "invalid-credentials" : "expired" });
    const { client: board } = client(serve, { carrier: "token" });
    await board.auth.signInWithPassword({ email: "a@example.com", password: "p" });
    const changes: string[] = [];
    board.auth.onAuthStateChange((change) => changes.push(change));
    await expect(board.resource("notes").list()).rejects.toMatchObject({ status: 401 });
    expect(changes).toEqual(["INITIAL_SESSION", "SIGNED_OUT"]);
    expect(await board.auth.getSession()).toBeNull();
  });

  test("[Y1] by cookie: what may change something carries the CSRF token, reading does not", async () => {
    const serve: Serve = ({ method }) => (method === "GET" ? { body: EMPTY_PAGE } : { status: 201, body: { id: "1" } });
    const { client: board, platform } = client(serve, {
      carrier: "cookie",
      readCookies: () => "theme=dark; csrf_token=abc",
    });
    await board.resource("notes").list();
    await board.resource("notes").create({ body: "x" });
    expect(platform.sent.map(({ headers }) => headers["x-csrf-token"])).toEqual([undefined, "abc"]);
    expect(platform.sent.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });

  test("[A1] [A4] sign-up waits for the mail; getUser asks the server, and tells of a session that ended elsewhere", async () => {
    let me: object | null = user;
    const serve: Serve = ({ url }) => {
      if (url.endsWith("/signup")) return { status: 202, body: { status: "verification-sent" } };
      return { body: { user: me, session: null } };
    };
    const { client: board, platform } = client(serve, { carrier: "cookie", readCookies: () => "" });
    const person = { email: "a@example.com", password: "p", options: { data: { theme: "dark" } } };
    expect(await board.auth.signUp(person)).toBeNull();
    expect(platform.sent[0]?.body).toEqual({
      email: "a@example.com",
      password: "p",
      session: "cookie",
      data: { theme: "dark" },
    });
    expect(await board.auth.getUser()).toEqual(user);
    expect(await board.auth.getSession()).toEqual({ user });
    me = null;
    expect(await board.auth.getUser()).toBeNull();
    expect(await board.auth.getSession()).toBeNull();
  });

  test("[A2] a sign-in that is refused is an AuthError, sent once, and changes nothing", async () => {
    const { client: board, platform } = client(() => problem(401, "UNAUTHORIZED", { reason: "invalid-credentials" }), {
      carrier: "token",
    });
    const tried = board.auth.signInWithPassword({ email: "a@example.com", password: "wrong" });
    await expect(tried).rejects.toMatchObject({ name: "AuthError", details: { reason: "invalid-credentials" } });
    expect(platform.sent).toHaveLength(1);
    expect(await board.auth.getSession()).toBeNull();
  });

  test("[A6] a listener that throws breaks neither sign-in nor the others", async () => {
    const { client: board } = client(() => tokens(1), { carrier: "token" });
    const complaints = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const heard: string[] = [];
    board.auth.onAuthStateChange(() => {
      throw new Error("a mistake of the application");
    });
    board.auth.onAuthStateChange((change) => heard.push(change));
    const session = await board.auth.signInWithPassword({ email: "a@example.com", password: "p" });
    expect([session.accessToken, heard.at(-1)]).toEqual(["access-1", "SIGNED_IN"]);
    expect(complaints).toHaveBeenCalled();
    complaints.mockRestore();
  });

  test("[SDK1] tables and untyped tables are there as without sign-in; awaiting the client gives the client", async () => {
    const { client: board, platform } = client(() => ({ body: EMPTY_PAGE }), { carrier: "token" });
    await (board as unknown as { notes: { list(): Promise<unknown> } }).notes.list();
    expect(platform.sent[0]?.url).toBe("https://board.test/api/notes");
    expect(await board).toBe(board);
  });
});
