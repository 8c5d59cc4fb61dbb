/**
 * YOURS. The board, followed live: projects and tasks lie in two objects, and a task that moves changes both, in one transaction and so in
 * one step here. Bundled for the browser by `ledge bundle`; without it the page works, and shows changes when it is loaded anew.
 */

import { createClient } from "ledge/client/auth";
import { type LiveStatus, withLive } from "ledge/client/live";
import {
  type Board,
  type BoardProject,
  type BoardTask,
  projectEntry,
  projectHead,
  taskEntry,
  taskItem,
} from "../board-entries.ts";
import type { Html } from "../html.ts";
import { keepEntries } from "./keep-entries.ts";

const STATUS_TEXTS: Readonly<Record<LiveStatus, string>> = {
  loading: "Connecting …",
  live: "Live: follows every change",
  waiting: "Live: follows every change",
  reconnecting: "Connecting again …",
  offline: "Not connected",
  error: "Not connected",
};

const section = document.getElementById("board");
if (section !== null) follow(section);

function follow(root: HTMLElement): void {
  const { user = "", basePath = "/api" } = root.dataset;
  const client = withLive(createClient({ url: "", basePath }));
  let projects: readonly BoardProject[] | null = null;
  let tasks: readonly BoardTask[] | null = null;
  let isDue = false;
  // Both subscriptions are told of a transaction in one step: it is drawn once.
  const redraw = () => {
    if (isDue) return;
    isDue = true;
    queueMicrotask(() => {
      isDue = false;
      if (projects !== null && tasks !== null) draw(root, { projects, tasks, basePath });
    });
  };
  const onStatus = (status: LiveStatus) => {
    root.dataset.status = status;
    for (const line of root.querySelectorAll(".live")) line.textContent = STATUS_TEXTS[status];
    // Forms need not load the page anew while it follows.
    document.documentElement.toggleAttribute("data-live", status === "live" || status === "waiting");
  };
  client.resource<BoardProject>("projects").subscribe(
    { orderBy: "name" },
    {
      onStatus,
      onRows: ({ rows }) => {
        projects = rows;
        redraw();
      },
    },
  );
  client.resource<BoardTask & { readonly authorId: string }>("tasks").subscribe(
    { filter: { authorId: user }, orderBy: "title" },
    {
      onRows: ({ rows }) => {
        tasks = rows;
        redraw();
      },
    },
  );
}

/** What has changed is replaced; what a person is typing into stays. */
function draw(root: HTMLElement, board: Board): void {
  const list = root.querySelector<HTMLElement>(".projects");
  const none = root.querySelector<HTMLElement>("#none");
  if (list === null || none === null) return;
  none.hidden = board.projects.length > 0;
  keepEntries(list, board.projects, {
    make: (project) => projectEntry(board, project),
    update: (item, project) => {
      const head = item.querySelector<HTMLElement>(":scope > .head");
      if (head !== null) put(head, projectHead(project));
      const own = board.tasks.filter(({ projectId }) => projectId === project.id);
      const inner = item.querySelector<HTMLElement>(":scope > .tasks");
      if (inner === null) return;
      keepEntries(inner, own, {
        make: (task) => taskItem(board, task),
        update: (entry, task) => put(entry, taskEntry(board, task)),
      });
    },
  });
}

const shown = new WeakMap<HTMLElement, string>();

/** Leaves alone what is as it should be: an open list of choices stays open. */
function put(element: HTMLElement, { text }: Pick<Html, "text">): void {
  const template = document.createElement("template");
  template.innerHTML = text;
  if (element.innerHTML !== template.innerHTML && shown.get(element) !== text)
    element.replaceChildren(template.content);
  shown.set(element, text);
}
