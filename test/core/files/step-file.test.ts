import { expect, test } from "vitest";
import type { FileRow, PartUpload } from "../../../src/core/files/file-row.ts";
import { type FileFacts, stepFile } from "../../../src/core/files/step-file.ts";

const NOW = 1_000_000;
const rules = { maxBytes: 100, types: [], blockedTypes: [], expiresMs: 1, requestMs: 1 };
const facts: FileFacts = { rules, by: "alice", nowMs: NOW, otherHolder: () => null, keyOfEqual: () => null };
const pending: FileRow = {
  ...{ status: "pending", name: "a", type: "text/plain", size: 3, hash: null, blobKey: null, uploadKey: null },
  upload: { by: "alice" },
};
const sending: FileRow = { ...pending, uploadKey: "k1", upload: { by: "alice", untilMs: NOW + 5000 } };
const stored: FileRow = { ...pending, status: "stored", hash: "sha256:1", blobKey: "k1", upload: null };
const parts: PartUpload = { id: "p", size: 3, type: "text/plain", partBytes: 8, done: [] };
const inParts: FileRow = { ...pending, uploadKey: "k1", upload: { by: "alice", parts } };

test("[FS2] a new row has no bytes, whatever it says", () => {
  const forged = { ...stored, blobKey: null, uploadKey: "other's", upload: { by: "mallory" } };
  expect(stepFile(null, forged, facts)).toEqual({
    kind: "announced",
    columns: {
      ...{ status: "pending", hash: null, blobKey: null, uploadKey: null },
      upload: { by: "alice", announcedMs: NOW },
    },
    releases: [],
    expiry: { uploadKey: null, delayMs: 1 },
  });
});

test("[FS10] a row may come with the bytes of another, if that holds them just then", () => {
  const copied = { ...stored, name: "b", uploadKey: "other's", upload: { by: "mallory" } };
  expect(stepFile(null, copied, { ...facts, otherHolder: () => stored })).toEqual({
    kind: "stored",
    columns: { status: "stored", uploadKey: null, upload: null },
    releases: [],
    expiry: null,
  });
  const holders = [null, { ...stored, hash: "sha256:2" }, { ...stored, size: 4 }, { ...stored, type: "image/png" }];
  for (const holder of holders)
    expect(() => stepFile(null, copied, { ...facts, otherHolder: () => holder })).toThrow("conflict");
  const tight = { ...facts, rules: { ...rules, maxBytes: 2 }, otherHolder: () => stored };
  expect(() => stepFile(null, copied, tight)).toThrow("payload-too-large");
});

test("[FS8] what an upload leaves behind is removed when nothing can arrive there any more", () => {
  const next = { ...sending, uploadKey: "k2", upload: { by: "alice", untilMs: NOW + 9000 } };
  expect(stepFile(sending, next, facts).releases).toEqual([{ key: "k1", partsId: null, delayMs: 65_000 }]);
  expect(stepFile(sending, null, facts).releases).toEqual([{ key: "k1", partsId: null, delayMs: 65_000 }]);
  expect(stepFile(sending, null, { ...facts, nowMs: NOW + 10 ** 9 }).releases).toEqual([
    { key: "k1", partsId: null, delayMs: 60_000 },
  ]);
  expect(stepFile(inParts, null, facts).releases).toEqual([{ key: "k1", partsId: "p", delayMs: 0 }]);
  expect(stepFile(pending, null, facts).releases).toEqual([]);
});

test("[FS8] a place for bytes is given up in time: with the announcement, or of a stored file by itself", () => {
  const announced = { ...pending, upload: { by: "alice", announcedMs: 5 } };
  const claimed = stepFile(announced, sending, facts);
  expect(claimed.expiry).toBeNull();
  expect(claimed.columns.upload).toEqual({ by: "alice", announcedMs: 5, untilMs: NOW + 5000 });
  const replacing = { ...stored, uploadKey: "k2", upload: { by: "bob", untilMs: NOW + 5000 } };
  expect(stepFile(stored, replacing, facts).expiry).toEqual({ uploadKey: "k2", delayMs: 65_000 });
  const givenUp = stepFile(replacing, stored, facts);
  expect([givenUp.expiry, givenUp.releases]).toEqual([null, [{ key: "k2", partsId: null, delayMs: 65_000 }]]);
});

test("[FS10] an announcement is changed by who made it, and bytes that were on their way for what it was are refused", () => {
  const anew = { ...pending, size: 4, type: "image/png" };
  expect(stepFile(pending, anew, facts)).toMatchObject({ kind: "changed", columns: {} });
  expect(() => stepFile(pending, anew, { ...facts, by: "bob" })).toThrow("forbidden");
  const late = { ...sending, size: 4, status: "stored" as const, hash: "sha256:1", blobKey: "k1" };
  expect(() => stepFile(sending, late, facts)).toThrow("conflict");
});

test("[FS8] stored bytes are let go of with the last row that holds them", () => {
  expect(stepFile(stored, null, facts).releases).toEqual([{ key: "k1", partsId: null, delayMs: 0 }]);
  expect(stepFile(stored, null, { ...facts, otherHolder: () => stored }).releases).toEqual([]);
  const replacing = { ...stored, uploadKey: "k2", upload: { by: "bob", untilMs: NOW } };
  const replaced = { ...replacing, hash: "sha256:2", blobKey: "k2" };
  expect(stepFile(replacing, replaced, facts)).toEqual({
    kind: "stored",
    columns: { status: "stored", blobKey: "k2", uploadKey: null, upload: null },
    releases: [{ key: "k1", partsId: null, delayMs: 0 }],
    expiry: null,
  });
  expect(stepFile(replacing, null, facts).releases.map(({ key }) => key)).toEqual(["k2", "k1"]);
});

test("[FS8] equal content is held under the key that is there, and the new copy goes", () => {
  const done = { ...sending, status: "stored" as const, hash: "sha256:1", blobKey: "k1" };
  const equal = { ...facts, keyOfEqual: () => "k0" };
  expect(stepFile(sending, done, equal)).toMatchObject({
    columns: { blobKey: "k0" },
    releases: [{ key: "k1", delayMs: 0 }],
  });
  // Bytes replaced by the very same: the old ones stay the row's own.
  const replacing = { ...stored, blobKey: "k0", uploadKey: "k1", upload: { by: "alice" } };
  const same = { ...replacing, blobKey: "k1" };
  expect(stepFile(replacing, same, equal).releases).toEqual([{ key: "k1", partsId: null, delayMs: 0 }]);
});

test("[FS2] parts join those that are there; parts of an upload that is over are refused", () => {
  const part = (number: number, tag: string) => ({ number, size: 1, sha256: "s", tag });
  const withParts = (id: string, ...done: ReturnType<typeof part>[]): FileRow => ({
    ...inParts,
    upload: { by: "alice", parts: { ...parts, id, done } },
  });
  const step = stepFile(withParts("p", part(1, "a"), part(3, "c")), withParts("p", part(2, "b"), part(3, "d")), facts);
  expect(step.columns.upload?.parts?.done.map(({ number, tag }) => `${number}${tag}`)).toEqual(["1a", "2b", "3d"]);
  expect(() => stepFile(withParts("p"), withParts("q", part(1, "a")), facts)).toThrow("conflict");
  expect(() => stepFile(sending, withParts("p", part(1, "a")), facts)).toThrow("conflict");
  const sealed: FileRow = { ...inParts, upload: { by: "alice", parts: { ...parts, isSealed: true } } };
  expect(stepFile(inParts, sealed, facts).columns.upload?.parts?.isSealed).toBe(true);
  expect(() => stepFile(sealed, withParts("p", part(1, "a")), facts)).toThrow("conflict");
  const whole = { ...sealed, status: "stored" as const, hash: "sha256-8:1", blobKey: "k1" };
  expect(stepFile(sealed, whole, facts).kind).toBe("stored");
  expect(() => stepFile(inParts, whole, facts)).toThrow("before all parts");
});

test("[FS2] every step out of turn is refused", () => {
  const done = { ...sending, status: "stored" as const, hash: "sha256:1", blobKey: "k1" };
  expect(stepFile(sending, done, facts).kind).toBe("stored");
  const wrong: [FileRow, FileRow][] = [
    [pending, { ...stored, blobKey: "k9" }],
    [sending, { ...done, blobKey: "k9" }],
    [sending, { ...done, hash: null }],
    [sending, { ...done, status: "pending" }],
    [sending, { ...done, size: 4 }],
    [sending, { ...done, type: "text/html" }],
    [stored, { ...stored, status: "pending" }],
    [stored, { ...stored, hash: "sha256:9" }],
    [stored, { ...stored, blobKey: null }],
    [stored, { ...stored, size: 4 }],
    [stored, { ...stored, type: "text/html" }],
    [stored, { ...stored, name: "a/b" }],
    [pending, { ...pending, status: "stored" }],
    [pending, { ...sending, size: 4 }],
    [pending, { ...pending, size: 400 }],
  ];
  for (const [before, after] of wrong) expect(() => stepFile(before, after, facts)).toThrow();
  expect(() => stepFile(sending, done, { ...facts, by: "bob" })).toThrow("forbidden");
  expect(() => stepFile(pending, sending, { ...facts, by: null })).toThrow("forbidden");
});
