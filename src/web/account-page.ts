/** YOURS. The frame of the account pages: heading, notice, content; and the line that tells who is there. */

import type { RouteContext } from "ledge";
import { accountScript, accountStyle } from "./account-assets.ts";
import { style } from "./home-assets.ts";
import { type Html, html } from "./html.ts";
import { htmlPage } from "./html-page.ts";

export interface AccountPage {
  readonly title: string;
  readonly lead: string;
  readonly content: Html;
  /** What went wrong before, or null. */
  readonly notice?: string | null;
}

export function accountPage({ app }: RouteContext, { title, lead, content, notice = null }: AccountPage): Response {
  return htmlPage({
    title: `${title} · ${app.name}`,
    style: style + accountStyle,
    script: accountScript,
    main: html`<main class="column">
<header>
<p class="mark">${app.name}</p>
<h1>${title}</h1>
<p class="lead">${lead}</p>
</header>
<p class="notice" role="alert">${notice}</p>
${content}
</main>`,
  });
}

/** The value of the cookie that a form sends back as its field `csrf_token`. */
export function csrfOf({ headers }: Request): string {
  return /(?:^|; )csrf_token=([^;]*)/.exec(headers.get("cookie") ?? "")?.[1] ?? "";
}

/** Who is there, and the way in or out; for the head of a page. */
export function accountLine({ user, request, basePath, url }: RouteContext): Html {
  if (user.kind === "anonymous") {
    return html`<p class="line"><a href="/sign-in">Sign in</a> <a href="/sign-up">Sign up</a></p>`;
  }
  return html`<div class="line"><span>${String(user.claims.email ?? user.id)}</span>${url.pathname === "/about" ? html` <a href="/board">Your board</a>` : null}
<form method="post" action="${basePath}/auth/logout"><input type="hidden" name="csrf_token" value="${csrfOf(request)}"><input type="hidden" name="next" value="/"><button>Sign out</button></form></div>`;
}
