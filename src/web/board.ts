/** YOURS. `/board`: the projects of whoever is signed in, read and written under their own rights. Strangers are sent to sign in. */

import type { RouteContext } from "ledge";
import { accountLine, accountPage } from "./account-page.ts";
import { html } from "./html.ts";

export async function board(context: RouteContext): Promise<Response> {
  const { user, basePath } = context;
  if (user.kind === "anonymous") {
    return new Response(null, { status: 303, headers: { location: "/sign-in?next=%2Fboard" } });
  }
  // Their scope shows nobody another person's projects.
  const { items } = await context.table("projects").list({ orderBy: "name", limit: 100 });
  return accountPage(context, {
    title: "Your projects",
    lead: "You alone see and change them.",
    content: html`${accountLine(context)}
<section>
${items.length === 0 ? html`<p class="quiet">None yet.</p>` : html`<ul class="projects">${items.map(({ name }) => html`<li>${String(name)}</li>`)}</ul>`}
<form class="add" method="post" action="${basePath}/projects" data-smooth="reload">
<label>New project <input name="name" required maxlength="120" autocomplete="off"></label>
<button>Add</button>
</form>
</section>`,
  });
}
