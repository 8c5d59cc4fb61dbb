/**
 * YOURS. A board goes with its tasks: one transaction over the objects of both tables, with the caller's own rights. A project that the
 * caller does not see is 404, and nothing changes. What else the board does, it does through the plain routes of its tables.
 */

import { type GenericRow, type MappedRoute, mapRoute } from "ledge";

interface Types {
  readonly results: { readonly project: GenericRow };
}

const archive = mapRoute<Types>({
  path: "/board/projects/:id/archive",
  method: "POST",
  description: "Archives a project of the caller's, and the caller's tasks in it",
  auth: "user",
  operations: [
    { op: "read", resource: "projects", as: "project", id: ({ params }) => params.id ?? "" },
    {
      op: "delete",
      resource: "tasks",
      where: ({ results }) => ({ projectId: String(results.project.id), authorId: String(results.project.ownerId) }),
    },
    { op: "delete", resource: "projects", as: "archived", id: ({ params }) => params.id ?? "" },
  ],
  response: { entity: "archived" },
});

export const boardRoutes: readonly MappedRoute[] = [archive];
