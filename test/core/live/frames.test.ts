/** The wire: its pinned hash, and readers that take what has the form and nothing else. */

import { expect, test } from "vitest";
import { readClientFrame } from "../../../src/core/live/client-frames.ts";
import { snapshotTexts } from "../../../src/core/live/frame-text.ts";
import { parseSince } from "../../../src/core/live/position.ts";
import { readServerFrame } from "../../../src/core/live/server-frames.ts";
import { wireSchemaHash } from "../../../src/core/live/wire-schema.ts";

test("[WS2] the wire schema is pinned: a change of a frame is seen, and decided on, here", () => {
  expect(wireSchemaHash()).toBe("87059a24");
});

test("[WS2] members that are not known are ignored, unknown types are told apart from what is no frame", () => {
  expect(readClientFrame('{"type":"unwatch","id":3,"later":true}')).toEqual({
    ok: true,
    frame: { type: "unwatch", id: 3 },
  });
  expect(readClientFrame('{"type":"dance","id":3}')).toMatchObject({ ok: false, kind: "unknown-type", id: 3 });
  for (const text of ["", "[]", "7", "null", "{}", '{"type":1}', "{"])
    expect(readClientFrame(text)).toMatchObject({ ok: false, kind: "not-json" });
  for (const text of [
    '{"type":"watch"}',
    '{"type":"watch","id":"1","resource":"tasks"}',
    '{"type":"watch","id":1.5,"resource":"tasks"}',
    '{"type":"watch","id":1,"resource":"tasks","limit":"5"}',
    '{"type":"ack","obj":"1","seq":-1,"n":0}',
    '{"type":"toString"}',
    '{"type":"watch","id":1,"resource":"tasks","aggregate":[]}',
  ])
    expect(readClientFrame(text)).toMatchObject({ ok: false });
});

test("[WS3] the client takes a commit wholly or not at all: one misshapen change spoils the frame", () => {
  const commit = (changes: unknown[]) =>
    JSON.stringify({ type: "commit", obj: "1", prev: 1, seq: 2, at: 5, watches: [{ id: 1, changes }] });
  expect(readServerFrame(commit([{ op: "removed", rowId: "a" }]))).toMatchObject({ type: "commit", seq: 2 });
  for (const change of [{ op: "removed" }, { op: "added" }, { op: "moved", row: {} }, null, { op: "changed", row: [] }])
    expect(readServerFrame(commit([{ op: "removed", rowId: "a" }, change]))).toBeNull();
  expect(readServerFrame('{"type":"news"}')).toBe("ignored");
});

test("[WS5] a snapshot comes in frames of at most 64 KB where rows allow it, the last one marked", () => {
  const place = {
    id: 1,
    object: "t/app/tasks",
    epoch: "aaaaaaaaaaaaaaaa",
    prev: null,
    seq: 4,
    tag: "00000000",
    key: "id",
  };
  const rows = Array.from({ length: 50 }, (_each, id) =>
    JSON.stringify({ row: { id, text: "x".repeat(id === 20 ? 90_000 : 5000) }, v: "" }),
  );
  const frames = snapshotTexts(place, rows, { hasMore: true });
  const read = frames.map(
    (text) => readServerFrame(text) as unknown as { rows: unknown[]; last: boolean; hasMore?: boolean; prev?: number },
  );
  expect(read.flatMap((frame) => frame.rows)).toHaveLength(50);
  expect(read.map(({ last }) => last)).toEqual([...frames.slice(1).map(() => false), true]);
  expect(read.at(-1)?.hasMore).toBe(true);
  expect(read.map(({ prev }) => prev)).toEqual([undefined, ...frames.slice(1).map(() => 4)]);
  expect(frames.filter((text) => text.length > 66_000)).toHaveLength(1);
  expect(snapshotTexts(place, [], {}).map((text) => readServerFrame(text))).toMatchObject([{ rows: [], last: true }]);
});

test("[SS5] only the full form of a position resumes", () => {
  expect(parseSince("aaaaaaaaaaaaaaaa:7:0123abcd")).toEqual({ epoch: "aaaaaaaaaaaaaaaa", seq: 7, tag: "0123abcd" });
  for (const text of [
    "7",
    "0",
    "-1",
    "aaaaaaaaaaaaaaaa:7",
    "aaaaaaaaaaaaaaaa:-7:0123abcd",
    "AAAAAAAAAAAAAAAA:7:0123abcd",
    "aaaaaaaaaaaaaaaa:99999999999999999:0123abcd",
    "",
  ])
    expect(parseSince(text)).toBeNull();
});
