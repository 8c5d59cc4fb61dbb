/**
 * YOURS. Tasks come to a project, move to another and go, with the projects' counters: each endpoint is one transaction over the objects
 * of both tables, with the caller's own rights. A project or task that the caller does not see is 404, one that only may be read 403, and nothing changes. Counters
 * and a task's place are set here alone (`writes: "all"`): the plain routes of the tables leave both as they are.
 */

import { type GenericRow, type MappedRoute, mapRoute, type OperationSpec } from "ledge";

interface Types {
  readonly body: { readonly [member: string]: unknown; readonly projectId: string };
  readonly results: { readonly task: GenericRow; readonly from: GenericRow; readonly to: GenericRow };
}
type Step = OperationSpec<Types>;

/** What a new task may say of itself; its columns check the values. */
const MEMBERS = ["id", "title", "status", "priority", "estimateHours", "tags", "assigneeId", "dueAt"];
/** Tries at a counter that many change at once. */
const MAX_TRIES = 10;

const task: Step = { op: "read", resource: "tasks", as: "task", id: ({ params }) => params.id ?? "" };
const from: Step = {
  op: "read",
  resource: "projects",
  as: "from",
  id: ({ results }) => String(results.task.projectId),
};
const to: Step = { op: "read", resource: "projects", as: "to", id: ({ body }) => body.projectId };

/** The counter of a project that was read, and one task more or less. */
function count(project: "from" | "to", by: 1 | -1, condition: Step["condition"] = () => true): Step {
  return {
    op: "update",
    resource: "projects",
    as: `${project}Counted`,
    condition,
    id: ({ results }) => String(results[project].id),
    data: ({ results }) => ({ taskCount: Number(results[project].taskCount) + by }),
    writes: "all",
  };
}

/** The body may be any JSON. */
const namesProject = (body: { readonly projectId?: unknown } | null) => ({
  valid: typeof body?.projectId === "string" && body.projectId !== "",
  errors: [{ field: "projectId", message: "must be the id of a project" }],
});

const add = mapRoute<Types>({
  path: "/board/tasks",
  method: "POST",
  description: "Creates a task in one of the caller's projects",
  auth: "user",
  maxTries: MAX_TRIES,
  validate: namesProject,
  operations: [
    to,
    {
      op: "create",
      resource: "tasks",
      as: "made",
      data: ({ body }) => ({
        ...Object.fromEntries(MEMBERS.filter((name) => Object.hasOwn(body, name)).map((name) => [name, body[name]])),
        projectId: body.projectId,
      }),
      writes: "all",
    },
    count("to", 1),
  ],
  response: { entity: "made" },
});

const move = mapRoute<Types>({
  path: "/board/tasks/:id/move",
  method: "POST",
  description: "Moves a task to another of the caller's projects",
  auth: "user",
  maxTries: MAX_TRIES,
  validate: namesProject,
  operations: [
    task,
    from,
    to,
    count("from", -1, ({ results }) => results.from.id !== results.to.id),
    count("to", 1, ({ results }) => results.from.id !== results.to.id),
    {
      op: "update",
      resource: "tasks",
      as: "moved",
      id: ({ params }) => params.id ?? "",
      data: ({ body }) => ({ projectId: body.projectId }),
      writes: "all",
    },
  ],
  response: { entity: "moved" },
});

const remove = mapRoute<Types>({
  path: "/board/tasks/:id/remove",
  method: "POST",
  description: "Removes a task from its project",
  auth: "user",
  maxTries: MAX_TRIES,
  operations: [
    task,
    from,
    { op: "delete", resource: "tasks", as: "removed", id: ({ params }) => params.id ?? "" },
    count("from", -1),
  ],
  response: { entity: "removed" },
});

export const boardRoutes: readonly MappedRoute[] = [add, move, remove];
