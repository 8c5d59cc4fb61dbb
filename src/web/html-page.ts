/** YOURS. The document around each page: its head, and a policy that runs no script or style but the page's own and tells no other site its address. */

import { Html, html } from "./html.ts";

export interface HtmlPage {
  readonly title: string;
  readonly style: string;
  readonly main: Html;
  /** Of the page itself; null: none. */
  readonly script: string | null;
  /** Addresses of style sheets and scripts that `ledge bundle` made. */
  readonly styles?: readonly string[];
  readonly scripts?: readonly string[];
}

export function htmlPage({ title, style, main, script, styles = [], scripts = [] }: HtmlPage): Response {
  const nonce = crypto.randomUUID();
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="/ledge.svg">
${style === "" ? null : html`<style nonce="${nonce}">${new Html(style)}</style>`}
${styles.map((href) => html`<link rel="stylesheet" nonce="${nonce}" href="${href}">`)}
</head>
<body>
${main}
${script === null ? null : html`<script nonce="${nonce}">${new Html(script)}</script>`}
${scripts.map((src) => html`<script type="module" nonce="${nonce}" src="${src}"></script>`)}
</body>
</html>
`;
  return new Response(page.text, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      // Addresses of account pages may hold the token of a mail: no other site is told. Not `no-referrer`: browsers then send forms
      // with `Origin: null`, which is refused.
      "referrer-policy": "same-origin",
      "content-security-policy": `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; connect-src 'self'; img-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
    },
  });
}
