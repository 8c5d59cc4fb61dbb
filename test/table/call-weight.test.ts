/** The weight of a waiting write: its rows, and a unit for each 1,024 characters of input. */

import { expect, test } from "vitest";
import { callWeight } from "../../durable-objects/table/call-weight.ts";
import type { MutatingCall } from "../../src/core/protocol/object-call.ts";

const create = (input: object) => ({ op: "create", id: "a", input });
const write = (intent: object) => callWeight({ op: "write", intent } as unknown as MutatingCall);
const batch = (work: object) => callWeight({ op: "batch", work } as unknown as MutatingCall);
const kilobytes = (count: number) => "x".repeat(count * 1024);

test("[HT72] a row weighs one, and more when its texts or its JSON are large", () => {
  expect(write(create({ title: "a", rank: 1, done: true, note: null }))).toBe(1);
  expect(write({ op: "delete", id: "a", hard: false })).toBe(1);
  expect(write(create({ a: kilobytes(100), b: kilobytes(50) }))).toBe(151);
  expect(write(create({ data: { list: [kilobytes(300)] } }))).toBe(301);
});

test("[HT72] a batch weighs its rows and their input; one by filter, whose rows are not known, as some dozens", () => {
  const item = (input: object) => ({ kind: "write", write: { intent: create(input) } });
  expect(batch({ kind: "items", items: [item({}), item({ a: kilobytes(9) }), { kind: "refused" }] })).toBe(12);
  const upsert = {
    kind: "upsert",
    present: { intent: create({ a: kilobytes(2) }) },
    absent: { intent: create({ a: kilobytes(3) }) },
  };
  expect(batch({ kind: "items", items: [upsert, { ...upsert, absent: null }] })).toBe(10);
  expect(batch({ kind: "filter", patch: { a: kilobytes(2) }, hooked: null })).toBe(52);
  expect(
    batch({ kind: "filter", patch: {}, hooked: [{ kind: "write", patch: { a: kilobytes(2) } }, { kind: "refused" }] }),
  ).toBe(5);
});

test("[HT72] a transaction weighs what its steps do", () => {
  const step = (action: object) => ({ action });
  const steps = [
    step({ kind: "ready", work: { kind: "write", write: { intent: create({ a: kilobytes(4) }) } } }),
    step({ kind: "ready", work: { kind: "filter", patch: {}, hooked: null } }),
    step({ kind: "ready", work: { kind: "list" } }),
    step({ kind: "open", operation: { data: { a: kilobytes(7) } } }),
    step({ kind: "skipped" }),
  ];
  expect(callWeight({ op: "transaction", steps } as unknown as MutatingCall)).toBe(1 + 5 + 50 + 1 + 8);
});
