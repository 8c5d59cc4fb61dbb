/** Ids of events ([SS3] [SS4]): whoever drops what came twice, by id, loses nothing, and whoever resumes goes on under the rights of then. */

import { expect, test } from "vitest";
import { ClientPicture } from "../../../src/core/live/client-picture.ts";
import type { ServerFrame } from "../../../src/core/live/server-frames.ts";
import { SseReader } from "../../../src/core/live/sse-reader.ts";
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

test.each([
  ["rows that go", [{ op: "removed", rowId: "a", why: "scope" }], []],
  ["no row", [], ["a"]],
])(
  "[SS4] [RV3] after a change of rights that concerns %s, the client resumes under the new ones",
  (_which, changes, rows) => {
    const text = new SseText({ subscriptionId: "s", isPurging: false });
    const reader = new SseReader("w");
    const picture = new ClientPicture({
      consistency: "object",
      sync: () => false,
      idOf: (_watch, row) => String(row.id),
      shown() {},
      reopen() {},
    });
    picture.add("w");
    const take = (frame: object) => {
      for (const event of reader.take(text.take(frame as ServerFrame, 0)) ?? []) picture.take(event);
    };
    const place = { obj: "1", object: "t/app/x", epoch: "aaaaaaaaaaaaaaaa", seq: 2, tag: "00000000", key: "id", id: 1 };
    take({ type: "snapshot", ...place, rows: [{ row: { id: "a" }, v: "1" }], last: true });
    take({ type: "commit", obj: "1", prev: 2, seq: 2, at: 5, watches: [{ id: 1, tag: "00000001", changes }] });
    expect([[...(picture.viewOf("w")?.rows.keys() ?? [])], picture.sinceOf("w")]).toEqual([
      rows,
      "aaaaaaaaaaaaaaaa:2:00000001",
    ]);
    take({ type: "reset", id: 1, reason: "scope", purge: true });
    take({ type: "snapshot", ...place, tag: "00000002", rows: [], last: true });
    expect(picture.sinceOf("w")).toBe("aaaaaaaaaaaaaaaa:2:00000002");
  },
);
