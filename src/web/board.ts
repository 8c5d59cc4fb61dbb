/**
 * YOURS. `/board`: the page that the board's script fills (client/board.tsx), for whoever is signed in; strangers are sent to sign in.
 * While developing, `/` is the board too, for a made-up person who needs no password.
 */

import type { RouteContext } from "ledge";
import { accountLine } from "./account-page.ts";
import { home } from "./home.ts";
import { type Html, html } from "./html.ts";
import { htmlPage } from "./html-page.ts";

/** Names of development tokens: `dev:alice`. */
const TRIAL_NAME = /^[a-z][a-z0-9-]{0,31}$/;

export function board(context: RouteContext): Response {
  if (context.user.kind === "anonymous") {
    return new Response(null, { status: 303, headers: { location: "/sign-in?next=%2Fboard" } });
  }
  const { id, claims } = context.user;
  const attributes = html`data-user="${id}" data-name="${String(claims.email ?? id)}"`;
  return boardPage(context, attributes);
}

/** `/`: the board for whoever is signed in, and while developing for everyone; the first page for strangers. */
export function front(context: RouteContext): Response {
  if (context.user.kind !== "anonymous") return board(context);
  if (context.env.LEDGE_ENV !== "development") return home(context);
  const asked = context.url.searchParams.get("as") ?? "";
  const name = TRIAL_NAME.test(asked) ? asked : "alice";
  return boardPage(context, html`data-user="${name}" data-name="${name}" data-trial`);
}

function boardPage(context: RouteContext, attributes: Html): Response {
  return htmlPage({
    title: `Board · ${context.app.name}`,
    style: "",
    script: null,
    styles: ["/build/board.css"],
    scripts: ["/build/board.js"],
    main: html`<div id="board" data-base-path="${context.basePath}" ${attributes}>
<noscript><main><h1>Board</h1><p>The board needs JavaScript. The <a href="/about">API</a> does not.</p>${accountLine(context)}</main></noscript>
</div>`,
  });
}
