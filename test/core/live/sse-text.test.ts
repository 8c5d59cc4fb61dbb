/** Ids of events ([SS3]): whoever drops what came twice, by id, loses nothing. */

import { expect, test } from "vitest";
import type { ServerFrame } from "../../../src/core/live/server-frames.ts";
import { SseText } from "../../../src/core/live/sse-text.ts";

test("[SS3] [RV3] no two events have an id in common, also where rows go at a position that was told already", () => {
  const text = new SseText({ subscriptionId: "s", isPurging: false });
  const place = { obj: "1", object: "t/app/x", epoch: "aaaaaaaaaaaaaaaa", seq: 2, tag: "00000000", key: "id", id: 1 };
  const snapshot = { type: "snapshot", ...place, rows: [{ row: { id: "a" }, v: "1" }], last: true };
  const commit = (seq: number, changes: object[]) => ({
    ...{ type: "commit", obj: "1", prev: 2, seq, at: 5, watches: [{ id: 1, tag: "00000001", changes }] },
  });
  const removed = [{ op: "removed", rowId: "a", why: "scope" }];
  const frames = [
    snapshot,
    commit(2, removed),
    commit(3, removed),
    { type: "reset", id: 1, reason: "scope", purge: true },
  ];
  const told = [...frames, { ...snapshot, seq: 3 }].map((frame) => text.take(frame as unknown as ServerFrame, 0));
  const ids = [...told.join("").matchAll(/data: \{"id":"([^"]+)"/g)].map(([, id]) => id);
  expect(ids).toEqual(["2:0", "2:1", "3:0", "0:1", "3:2"]);
});
