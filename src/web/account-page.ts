/** YOURS. The frame of the account pages: heading, notice, content; a policy that runs no script or style but its own and tells no other site the address. */

import type { RouteContext } from "ledge";
import { accountScript, accountStyle } from "./account-assets.ts";
import { style } from "./home-assets.ts";
import { Html, html } from "./html.ts";

export interface AccountPage {
  readonly title: string;
  readonly lead: string;
  readonly content: Html;
  /** Addresses of scripts that `ledge bundle` made. */
  readonly scripts?: readonly string[];
  /** What went wrong before, or null. */
  readonly notice?: string | null;
}

export function accountPage(
  { app }: RouteContext,
  { title, lead, content, scripts = [], notice = null }: AccountPage,
): Response {
  const nonce = crypto.randomUUID();
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · ${app.name}</title>
<style nonce="${nonce}">${new Html(style + accountStyle)}</style>
</head>
<body>
<main class="narrow">
<header>
<p class="mark">${app.name}</p>
<h1>${title}</h1>
<p class="lead">${lead}</p>
</header>
<p class="notice" role="alert">${notice}</p>
${content}
</main>
<script nonce="${nonce}">${new Html(accountScript)}</script>
${scripts.map((src) => html`<script type="module" nonce="${nonce}" src="${src}"></script>`)}
</body>
</html>
`;
  return new Response(page.text, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      // Addresses of these pages may hold the token of a mail: no other site is told. Not `no-referrer`: browsers then send forms
      // with `Origin: null`, which is refused.
      "referrer-policy": "same-origin",
      "content-security-policy": `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
    },
  });
}

/** The value of the cookie that a form sends back as its field `csrf_token`. */
export function csrfOf({ headers }: Request): string {
  return /(?:^|; )csrf_token=([^;]*)/.exec(headers.get("cookie") ?? "")?.[1] ?? "";
}

/** Who is there, and the way in or out; for the head of a page. */
export function accountLine({ user, request, basePath }: RouteContext): Html {
  if (user.kind === "anonymous") {
    return html`<p class="line"><a href="/sign-in">Sign in</a> <a href="/sign-up">Sign up</a></p>`;
  }
  return html`<div class="line"><span>${String(user.claims.email ?? user.id)}</span> <a href="/board">Your projects</a>
<form method="post" action="${basePath}/auth/logout"><input type="hidden" name="csrf_token" value="${csrfOf(request)}"><input type="hidden" name="next" value="/"><button>Sign out</button></form></div>`;
}
