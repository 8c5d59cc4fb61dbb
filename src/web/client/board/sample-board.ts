/** YOURS. A board to look around on: a project with tasks in all columns and a few comments, as the writes of one transaction. Pure. */

import type { AnyWrite } from "ledge/client/react";
import { placesAfter } from "../../place-between.ts";
import type { Status } from "./columns.ts";

const TASKS: readonly { readonly status: Status; readonly title: string; readonly comment?: string }[] = [
  { status: "todo", title: "Order tulip bulbs before they are gone" },
  { status: "todo", title: "Sharpen the spade and oil its handle" },
  {
    status: "todo",
    title: "Ask Ines whether we may take cuttings of her currants",
    comment: "She is away until Sunday.",
  },
  { status: "todo", title: "Find a place for the rain barrel" },
  { status: "todo", title: "Draw a plan of next year’s beds" },
  { status: "doing", title: "Turn the compost", comment: "The left heap first; it is still warm inside." },
  { status: "doing", title: "Mend the fence along the lane" },
  { status: "done", title: "Plant garlic" },
  { status: "done", title: "Rake the leaves under the walnut" },
  { status: "done", title: "Bring the lemon tree inside" },
];

/** `newId` gives another id at each call. */
export function sampleBoard(newId: () => string): { readonly project: string; readonly writes: readonly AnyWrite[] } {
  const project = newId();
  const places = placesAfter(null, TASKS.length);
  const writes = TASKS.flatMap(({ status, title, comment }, index): AnyWrite[] => {
    const id = newId();
    const position = places[index] ?? "";
    return [
      { op: "create", table: "tasks", id, values: { projectId: project, title, status, position } },
      ...(comment === undefined
        ? []
        : [{ op: "create", table: "comments", values: { taskId: id, body: comment } } satisfies AnyWrite]),
    ];
  });
  return {
    project,
    writes: [{ op: "create", table: "projects", id: project, values: { name: "The garden in autumn" } }, ...writes],
  };
}
