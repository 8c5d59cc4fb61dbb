/** The order of comments, whatever the clocks of those who wrote them. */

import { expect, test } from "vitest";
import { inOrder } from "../../src/web/client/board/comment-order.ts";

test("[RH1] comments stand as they are dated, not by the clock of a browser; what is not dated yet is last, in order of its writing", () => {
  const comments = [
    { id: "0193", createdAt: "2026-11-29T10:00:03.000Z" },
    { id: "0191", createdAt: null },
    { id: "0195", createdAt: "2026-11-29T10:00:01.000Z" },
    { id: "0190" },
    { id: "0192", createdAt: "2026-11-29T10:00:03.000Z" },
  ];
  expect(inOrder(comments).map(({ id }) => id)).toEqual(["0195", "0192", "0193", "0190", "0191"]);
});
