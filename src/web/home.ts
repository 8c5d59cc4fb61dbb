/**
 * YOURS. The first page, at `/`: what runs here, its tables and where their rows live, links and commands that work. Strangers
 * in production see the tables that are open to everyone, by name; placement, other tables and development tokens are shown
 * while developing. Mounted in src/app.ts.
 */

import type { AnyResource, RouteContext } from "ledge";
import { accountStyle } from "./account-assets.ts";
import { accountLine } from "./account-page.ts";
import { examples } from "./examples.ts";
import { script, style } from "./home-assets.ts";
import { type Html, html } from "./html.ts";
import { htmlPage } from "./html-page.ts";

export function home(context: RouteContext): Response {
  const isDeveloping = context.env.LEDGE_ENV === "development";
  return htmlPage({
    title: `${context.app.name} · Ledge`,
    style: style + accountStyle,
    script: isDeveloping ? script : null,
    main: html`<main>
${heading(context, isDeveloping)}
${context.app.features?.includes("account-pages") ? accountLine(context) : null}
${tableSection(context, isDeveloping)}
${isDeveloping ? commandSection(context) : null}
${linkSection(isDeveloping)}
</main>`,
  });
}

function heading({ app }: RouteContext, isDeveloping: boolean): Html {
  return html`<header>
<p class="mark">Ledge</p>
<h1>${app.name}</h1>
<p class="lead">${isDeveloping ? "is running. Each table below is an API; its rows live in a Durable Object with a ledger of every commit." : "is running."}</p>
</header>`;
}

function tableSection({ app, basePath }: RouteContext, isDeveloping: boolean): Html {
  const shown = [...app.resources.values()].filter((table) => isDeveloping || isOpen(table));
  if (shown.length === 0) {
    return html`<section><h2>Tables</h2><p class="quiet">${isDeveloping ? html`None yet. Declare one in <code>src/tables/</code>.` : "None is open to everyone."}</p></section>`;
  }
  return html`<section aria-labelledby="tables">
<h2 id="tables">Tables</h2>
<ul class="ledger">
${shown.map((table) => tableEntry(table, [...app.resources.values()], { basePath, isDeveloping }))}
</ul>
</section>`;
}

function tableEntry(
  table: AnyResource,
  all: readonly AnyResource[],
  { basePath, isDeveloping }: { readonly basePath: string; readonly isDeveloping: boolean },
): Html {
  const path = pathOf(table, basePath);
  // Only what anyone may open is a link: a browser sends no token.
  const canFollow = isOpen(table) && table.spec.partitionBy === null;
  return html`<li>
<span class="name">${canFollow ? html`<a href="${path}">${path}</a>` : html`<code>${path}</code>`}</span>
${isDeveloping ? html`<span class="where">${placement(table, all)}</span> <span class="who">${isOpen(table) ? "everyone reads" : "signed-in readers"}</span>` : null}
</li>`;
}

function placement({ name, spec }: AnyResource, all: readonly AnyResource[]): Html {
  if (spec.partitionBy !== null) return html`one object per <code>${spec.partitionBy}</code>`;
  const others = all
    .filter((other) => other.spec.group === spec.group && other.name !== name)
    .map((other) => other.name);
  return others.length === 0 ? html`an object of its own` : html`one object with <code>${others.join(", ")}</code>`;
}

function commandSection(context: RouteContext): Html | null {
  const commands = examples(context);
  if (commands.length === 0) return null;
  return html`<section aria-labelledby="try">
<h2 id="try">Try it</h2>
<p class="quiet">On this machine <code>dev:alice</code> signs in as Alice, <code>dev:root,role=admin</code> as an administrator.</p>
${commands.map(
  ({ title, command }) => html`<figure>
<figcaption>${title}</figcaption>
<div class="command"><pre tabindex="0"><code>${command}</code></pre><button type="button">Copy</button></div>
</figure>`,
)}
<p class="status" role="status" aria-live="polite"></p>
</section>`;
}

function linkSection(isDeveloping: boolean): Html {
  const links = [
    { href: "/healthz", text: "Health", note: "the Worker runs" },
    { href: "/readyz", text: "Readiness", note: "secret and objects can be used" },
    ...(isDeveloping ? [{ href: "/_/schema", text: "Schema", note: "tables and columns as JSON" }] : []),
    { href: "/_/problems/validation-error", text: "Problems", note: "what an error means, e.g. validation-error" },
  ];
  return html`<section aria-labelledby="more">
<h2 id="more">More</h2>
<ul class="links">
${links.map(({ href, text, note }) => html`<li><a href="${href}">${text}</a> <span>${note}</span></li>`)}
${isDeveloping ? html`<li><code>README.md</code> <span>how to add a table; <code>docs/</code> has the guides</span></li>` : null}
</ul>
</section>`;
}

function isOpen({ config }: AnyResource): boolean {
  const open = config.public as boolean | { readonly read?: unknown } | undefined;
  return (
    open === true || (typeof open === "object" && open.read !== undefined && open.read !== false && open.read !== "")
  );
}

function pathOf({ name, spec }: AnyResource, basePath: string): string {
  return spec.partitionBy === null ? `${basePath}/${name}` : `${basePath}/@<${spec.partitionBy}>/${name}`;
}
