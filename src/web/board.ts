/**
 * YOURS. `/board`: the projects of whoever is signed in with their tasks and counters, read and written under their own rights
 * (board-routes.ts). Strangers are sent to sign in.
 */

import { inList, printFilter, type RouteContext, type Row } from "ledge";
import { accountLine, accountPage } from "./account-page.ts";
import { type Html, html } from "./html.ts";

export async function board(context: RouteContext): Promise<Response> {
  const { user, basePath } = context;
  if (user.kind === "anonymous") {
    return new Response(null, { status: 303, headers: { location: "/sign-in?next=%2Fboard" } });
  }
  // Their scope shows nobody another person's projects.
  const { items: projects } = await context.table("projects").list({ orderBy: "name", limit: 100 });
  const tasks = await tasksOf(context, projects);
  return accountPage(context, {
    title: "Your projects",
    lead: "You alone see and change them.",
    content: html`${accountLine(context)}
<section>
${projects.length === 0 ? html`<p class="quiet">None yet.</p>` : html`<ul class="projects">${projects.map((project) => projectEntry(project, projects, tasks, basePath))}</ul>`}
<form class="add" method="post" action="${basePath}/projects" data-smooth="reload">
<label>New project <input name="name" required maxlength="120" autocomplete="off"></label>
<button>Add</button>
</form>
</section>`,
  });
}

/** The first hundred; the counters tell of all. */
async function tasksOf(context: RouteContext, projects: readonly Row[]): Promise<readonly Row[]> {
  if (projects.length === 0) return [];
  const ids = projects.map(({ id }) => String(id));
  // Built, not pasted, so that an id cannot change the filter around it.
  const filter = printFilter(inList("projectId", ids));
  const { items } = await context.table("tasks").list({ filter, orderBy: "title", limit: 100 });
  return items;
}

function projectEntry(project: Row, projects: readonly Row[], tasks: readonly Row[], basePath: string): Html {
  const { id, name, taskCount } = project;
  const others = projects.filter((other) => other.id !== id);
  const own = tasks.filter(({ projectId }) => projectId === id);
  return html`<li>
<span class="name">${String(name)}</span><span class="count">${taskCount === 1 ? "1 task" : `${Number(taskCount)} tasks`}</span>
<ul class="tasks">${own.map((task) => taskEntry(task, others, basePath))}</ul>
<form class="add" method="post" action="${basePath}/board/tasks" data-smooth="reload">
<input type="hidden" name="projectId" value="${String(id)}">
<label>New task <input name="title" required maxlength="200" autocomplete="off"></label>
<button>Add</button>
</form>
</li>`;
}

function taskEntry({ id, title }: Row, others: readonly Row[], basePath: string): Html {
  const address = `${basePath}/board/tasks/${encodeURIComponent(String(id))}`;
  const move = html`<form class="move" method="post" action="${address}/move" data-smooth="reload">
<select name="projectId" aria-label="Project for ${String(title)}">${others.map((other) => html`<option value="${String(other.id)}">${String(other.name)}</option>`)}</select>
<button>Move</button>
</form>`;
  return html`<li><span class="title">${String(title)}</span>
${others.length === 0 ? null : move}
<form class="remove" method="post" action="${address}/remove" data-smooth="reload"><button>Remove</button></form>
</li>`;
}
