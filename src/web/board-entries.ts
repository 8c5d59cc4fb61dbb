/**
 * YOURS. The board's projects and tasks as HTML, from their rows: for the page as the server sends it (board.ts), and for what comes
 * after, in the browser (client/follow-board.ts). Pure.
 */

import { type Html, html } from "./html.ts";

export interface BoardProject {
  readonly id: string;
  readonly name: string;
  readonly taskCount: number;
}

export interface BoardTask {
  readonly id: string;
  readonly title: string;
  readonly projectId: string;
}

export interface Board {
  readonly projects: readonly BoardProject[];
  readonly tasks: readonly BoardTask[];
  readonly basePath: string;
}

/** A task with its list item. */
export function taskItem(board: Board, task: BoardTask): Html {
  return html`<li data-key="${task.id}">${taskEntry(board, task)}</li>`;
}

export function projectEntry(board: Board, { id, name, taskCount }: BoardProject): Html {
  const { tasks, basePath } = board;
  const own = tasks.filter(({ projectId }) => projectId === id);
  return html`<li data-key="${id}">
<p class="head">${projectHead({ name, taskCount })}</p>
<ul class="tasks">${own.map((task) => taskItem(board, task))}</ul>
<form class="add" method="post" action="${basePath}/board/tasks" data-smooth="reload">
<input type="hidden" name="projectId" value="${id}">
<label>New task <input name="title" required maxlength="200" autocomplete="off"></label>
<button>Add</button>
</form>
</li>`;
}

export function projectHead({ name, taskCount }: Pick<BoardProject, "name" | "taskCount">): Html {
  return html`<span class="name">${name}</span><span class="count">${taskCount === 1 ? "1 task" : `${taskCount} tasks`}</span>`;
}

/** What stands in the task's list item. */
export function taskEntry({ projects, basePath }: Board, { id, title, projectId }: BoardTask): Html {
  const others = projects.filter((other) => other.id !== projectId);
  const address = `${basePath}/board/tasks/${encodeURIComponent(id)}`;
  const move = html`<form class="move" method="post" action="${address}/move" data-smooth="reload">
<select name="projectId" aria-label="Project for ${title}">${others.map((other) => html`<option value="${other.id}">${other.name}</option>`)}</select>
<button>Move</button>
</form>`;
  return html`<span class="title">${title}</span>
${others.length === 0 ? null : move}
<form class="remove" method="post" action="${address}/remove" data-smooth="reload"><button>Remove</button></form>`;
}
