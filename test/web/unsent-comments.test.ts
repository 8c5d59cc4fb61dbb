/** Comments that are written without a network, in a task whose comments were never read. */

import type { OutboxItem } from "ledge/client/offline";
import { expect, test } from "vitest";
import type { Comment } from "../../src/web/client/board/columns.ts";
import { unsentComments } from "../../src/web/client/board/unsent-comments.ts";

const item = (id: string, status: OutboxItem["status"], taskId = "t"): OutboxItem => ({
  key: id,
  status,
  madeAtMs: 1,
  writes: [
    { op: "update", table: "tasks", id: taskId, values: { taskId, body: "no comment" }, base: null, tag: null },
    { op: "create", table: "comments", id, values: { taskId, body: `body ${id}` }, base: null, tag: null },
  ],
});
const listed = (...ids: string[]) => ids.map((id) => ({ id, body: `body ${id}` }) as Comment);

test("[RH1] a comment that waits is shown once, of its task alone, from when it is written until the list has it", () => {
  const waiting = [item("a", "queued"), item("b", "sending"), item("c", "queued", "other"), item("d", "refused")];
  const first = unsentComments({ task: "t", pending: waiting, listed: [], shown: [] });
  expect(first).toMatchObject([
    { id: "a", body: "body a" },
    { id: "b", body: "body b" },
  ]);
  // Sent, and not in the list yet: it is not gone in between.
  const sent = unsentComments({ task: "t", pending: [item("b", "queued")], listed: [], shown: first });
  expect(sent.map(({ id }) => id)).toEqual(["a", "b"]);
  const refused = unsentComments({ task: "t", pending: [item("b", "refused")], listed: [], shown: sent });
  expect(refused.map(({ id }) => id)).toEqual(["a"]);
  expect(
    unsentComments({ task: "t", pending: waiting, listed: listed("a"), shown: first }).map(({ id }) => id),
  ).toEqual(["b"]);
});
