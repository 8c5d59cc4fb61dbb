/**
 * One request to an endpoint of sign-in, and the frame that all of them run in: body, settings, database, keys; who sent it where that
 * matters; the answer as JSON, or as a redirect where a form was sent.
 */

import { Fault } from "../../core/fault.ts";
import type { JsonObject } from "../../core/json.ts";
import type { RouteContext, RouteHandler } from "../../edge/app-options.ts";
import { localPath } from "../../edge/local-path.ts";
import { databaseOf } from "./auth-env.ts";
import type { AuthSettings } from "./auth-options.ts";
import { checkOrigin } from "./check-origin.ts";
import { type Identity, identify } from "./identify.ts";
import { type Keyring, keyringOf } from "./keyring.ts";
import type { Library } from "./library/library.ts";
import { isVerificationRequired, type Post, requirePost } from "./mailer.ts";
import { own, readInput } from "./read-input.ts";
import { type Throttle, type Throttled, throttleOf } from "./throttle.ts";

export interface AuthCall {
  readonly context: RouteContext;
  readonly settings: AuthSettings;
  readonly database: D1Database;
  readonly keyring: Keyring;
  readonly values: JsonObject;
  readonly nowMs: number;
}

export type AuthEndpoint = (call: AuthCall) => Promise<Response>;

/** An endpoint as a route of the application. `next` is where a form leads that names nothing else. */
export function authRoute(settings: AuthSettings, endpoint: AuthEndpoint, next = "/"): RouteHandler {
  return async (context) => {
    const { request, url, env, log, now } = context;
    const isRead = request.method === "GET" || request.method === "HEAD";
    // Also where no cookie counts: nobody shall be signed in to somebody else's account by another site.
    if (!isRead) checkOrigin({ headers: request.headers, url }, settings);
    const { kind, values } = isRead ? { kind: "json", values: {} } : await readInput(request);
    const run = () =>
      endpoint({ context, settings, database: databaseOf(env, log), keyring: keyringOf(env), values, nowMs: now });
    if (kind === "json") return run();
    const to = (path: string, headers = new Headers()) => {
      headers.set("location", path);
      return new Response(null, { status: 303, headers });
    };
    try {
      const { status, headers } = await run();
      const onward = localPath(own(values, "next"), next, url.origin);
      // 202: a mail is on its way, and nothing more has happened yet.
      const place = status === 202 ? localPath(own(values, "sent"), onward, url.origin) : onward;
      return to(place, onlyCookies(headers));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const page = new URL(localPath(own(values, "page"), "/", url.origin), url);
      page.searchParams.set("problem", wordOf(error));
      return to(`${page.pathname}${page.search}`);
    }
  };
}

/** The caller by one of our own credentials; 401 for strangers. */
export async function requireIdentity({ context, settings, values }: AuthCall): Promise<Identity> {
  const { request, url, env, now, log } = context;
  const csrf = own(values, "csrf_token");
  const sent = { method: request.method, headers: request.headers, url, env, nowMs: now, log };
  const identity = await identify({ ...sent, csrf: typeof csrf === "string" ? csrf : null }, settings);
  if (identity === null) throw new Fault({ slug: "unauthorized" });
  return identity;
}

/** The caller with a session, which a key has not: keys cannot manage accounts. */
export async function requireSession(call: AuthCall): Promise<Exclude<Identity, { readonly via: "key" }>> {
  const identity = await requireIdentity(call);
  if (identity.via !== "key") return identity;
  throw new Fault({ slug: "forbidden", detail: "This needs a session; an API key cannot do it" });
}

/** Loads the library; everything before an endpoint calls this costs nothing of it. */
export async function loadLibrary(call: AuthCall): Promise<Library> {
  const { context, settings, database, keyring } = call;
  const { library } = await import("./library/library.ts");
  return library({
    database,
    keyring,
    settings,
    isVerificationRequired: isVerificationRequired(settings, context.env),
    log: context.log,
    waitUntil: (promise) => context.waitUntil(promise),
  });
}

/** Throws 503 where mail cannot be sent: for what is nothing without it. */
export function post({ context, settings }: AuthCall): Post {
  return requirePost(settings, context);
}

/** What may be tried so often; each `action` has limits of its own. */
export function throttle(
  { context, settings, database, keyring }: AuthCall,
  tried: Omit<Throttled, "headers">,
): Throttle {
  return throttleOf({ ...tried, headers: context.request.headers }, { database, keyring, settings });
}

export function answer(body: JsonObject | null, { status = 200, cookies = [] as readonly string[] } = {}): Response {
  const headers = new Headers(body === null ? {} : { "content-type": "application/json" });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(body === null ? null : JSON.stringify(body), { status, headers });
}

function onlyCookies(headers: Headers): Headers {
  const kept = new Headers();
  for (const cookie of headers.getSetCookie()) kept.append("set-cookie", cookie);
  return kept;
}

/** What a page is told: a reason, the code of the first wrong field, or the kind of problem. */
function wordOf({ data }: Fault): string {
  if (data.slug === "validation-error") {
    const [first] = data.errors;
    return first === undefined ? data.slug : `${first.field}-${first.code ?? "invalid"}`;
  }
  return ("reason" in data ? data.reason : undefined) ?? data.slug;
}
