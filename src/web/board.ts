/**
 * YOURS. `/board`: the projects of whoever is signed in with their tasks and counters, read and written under their own rights
 * (board-routes.ts), and followed from then on by client/follow-board.ts. Strangers are sent to sign in.
 */

import { inList, printFilter, type RouteContext, type Row } from "ledge";
import { accountLine, accountPage } from "./account-page.ts";
import { type Board, type BoardProject, type BoardTask, projectEntry } from "./board-entries.ts";
import { html } from "./html.ts";

export async function board(context: RouteContext): Promise<Response> {
  const { user, basePath } = context;
  if (user.kind === "anonymous") {
    return new Response(null, { status: 303, headers: { location: "/sign-in?next=%2Fboard" } });
  }
  // Their scope shows nobody another person's projects.
  const { items } = await context.table("projects").list({ orderBy: "name", limit: 100 });
  const projects = items as unknown as readonly BoardProject[];
  const shown: Board = { projects, tasks: await tasksOf(context, items), basePath };
  return accountPage(context, {
    title: "Your projects",
    lead: "You alone see and change them. Open this page twice: what you do in one window, the other follows.",
    width: "sheet",
    scripts: ["/build/follow-board.js"],
    content: html`${accountLine(context)}
<section id="board" data-user="${user.id}" data-base-path="${basePath}">
<p class="live" role="status"></p>
<p class="quiet" id="none"${projects.length === 0 ? null : html` hidden`}>None yet.</p>
<ul class="projects">${projects.map((project) => projectEntry(shown, project))}</ul>
<form class="add" method="post" action="${basePath}/projects" data-smooth="reload">
<label>New project <input name="name" required maxlength="120" autocomplete="off"></label>
<button>Add</button>
</form>
</section>`,
  });
}

/** The first hundred; the counters tell of all. */
async function tasksOf(context: RouteContext, projects: readonly Row[]): Promise<readonly BoardTask[]> {
  if (projects.length === 0) return [];
  const ids = projects.map(({ id }) => String(id));
  // Built, not pasted, so that an id cannot change the filter around it.
  const filter = printFilter(inList("projectId", ids));
  const { items } = await context.table("tasks").list({ filter, orderBy: "title", limit: 100 });
  return items as unknown as readonly BoardTask[];
}
