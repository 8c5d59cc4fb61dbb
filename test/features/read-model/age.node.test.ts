/** What is said of an answer's age while copies are made anew, from the records that are read along with its rows. */

import { expect, test } from "vitest";
import { objectName } from "../../../src/core/ids.ts";
import { groupOf, projectionOf } from "../../../src/features/read-model/projection.ts";
import { readAge } from "../../../src/features/read-model/read-age.ts";
import { projects } from "../../../src/tables/projects.ts";

test("[RM3] [RM4] a copy that lacks columns of today's stands for no time until the new one takes its place", () => {
  const projection = projectionOf({ name: "board", resources: new Map([["projects", projects]]) } as never);
  const { group } = projects.spec;
  const object = objectName("board", group, null);
  const line = (form: string | undefined) => ({
    object,
    grp: group,
    status: "serving",
    epoch: "e",
    seq: 3,
    form,
    as_of: 5,
  });
  const ageOf = (form: string | undefined) => readAge([[line(form)]], projection, [group]);
  expect(ageOf(groupOf(projection, object)?.form)).toMatchObject({ asOfMs: 5, cursors: [{ seq: 3 }] });
  expect(ageOf("another")).toMatchObject({ asOfMs: null, cursors: [{ seq: 3 }] });
});
