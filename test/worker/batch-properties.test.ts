/**
 * Random batches ([HT45]): each applies wholly or leaves rows, seq and ledger untouched; and it does what the same single requests
 * do, one after another, to a second table, up to and with the failure of the first that fails.
 */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspect, type Result } from "../support/scenario.ts";
import { openRoom, type Room, uid } from "./batch-support.ts";

type Item = Readonly<Record<string, unknown>> & { readonly id: string };
type Version = "none" | "right" | "wrong";
type Batch =
  | {
      readonly op: "create" | "replace" | "update" | "upsert";
      readonly items: readonly Item[];
      readonly versions: readonly Version[];
    }
  | { readonly op: "delete"; readonly ids: readonly string[] }
  | { readonly op: "filter"; readonly atLeast: number; readonly patch: Readonly<Record<string, unknown>> }
  | { readonly op: "filter-delete"; readonly atLeast: number };

const id = fc.integer({ min: 1, max: 7 }).map(uid);
const columns = fc.record(
  {
    title: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom("a", "b", "ü", "𝒳") },
      { weight: 1, arbitrary: fc.constantFrom("x".repeat(21), 5, null) },
    ),
    rank: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 0, max: 4 }) },
      { weight: 1, arbitrary: fc.constantFrom("no", 1.5) },
    ),
    code: fc.constantFrom(null, "p", "q", "r"),
    fixed: fc.constant("not writable"),
    secret: fc.constantFrom("s1", "s2"),
  },
  { requiredKeys: [] },
);
const items = fc
  .uniqueArray(fc.record({ id, columns }), { selector: (item) => item.id, maxLength: 5 })
  .map((list) => list.map((item): Item => ({ ...item.columns, id: item.id })));
const versions = fc.array(
  fc.oneof({ weight: 5, arbitrary: fc.constant<Version>("none") }, fc.constantFrom<Version>("right", "wrong")),
  { minLength: 5, maxLength: 5 },
);
const batch: fc.Arbitrary<Batch> = fc.oneof(
  fc.record({ op: fc.constantFrom("create", "replace", "update", "upsert"), items, versions }),
  fc.record({ op: fc.constant("delete"), ids: fc.uniqueArray(id, { maxLength: 5 }) }),
  fc.record({ op: fc.constant("filter"), atLeast: fc.integer({ min: 0, max: 4 }), patch: columns }),
  fc.record({ op: fc.constant("filter-delete"), atLeast: fc.integer({ min: 0, max: 4 }) }),
);
/** Rows 1 to 5, so that 6 and 7 are absent. */
const seed = [1, 2, 3, 4, 5].map((number) => ({
  id: uid(number),
  title: `t${number}`,
  rank: number % 3,
  ...(number < 3 ? { code: ["p", "q"][number - 1] } : {}),
}));

const METHODS = {
  create: "POST /batch",
  replace: "PUT /batch",
  update: "PATCH /batch",
  upsert: "POST /batch/upsert",
} as const;

function sendBatch(room: Room, epoch: string, given: Batch): Promise<Result> {
  switch (given.op) {
    case "delete":
      return room.send("DELETE /batch", { ids: given.ids });
    case "filter":
      return room.send("PATCH /batch", { filter: `rank>=${given.atLeast}`, patch: given.patch });
    case "filter-delete":
      return room.send("DELETE /batch", { filter: `rank>=${given.atLeast}` });
    default: {
      const list = given.items.map((item, index) => ({ ...item, ...versionOf(given, index, epoch) }));
      return room.send(METHODS[given.op], { items: list });
    }
  }
}

function versionOf(
  { op, versions }: Extract<Batch, { items: unknown }>,
  index: number,
  epoch: string,
): { ifVersion?: string } {
  const version = op === "create" ? "none" : versions[index];
  return version === "right"
    ? { ifVersion: `${epoch}:1` }
    : version === "wrong"
      ? { ifVersion: `${epoch}:9:abcdef` }
      : {};
}

/** The same as single requests; stops at the first failure. Null: nothing failed. */
async function sendSingles(room: Room, epoch: string, given: Batch): Promise<{ result: Result; index: number } | null> {
  for (const [index, single] of (await singlesOf(room, epoch, given)).entries()) {
    const result = await single();
    if (result.status >= 400 && !(given.op === "delete" && result.status === 404)) return { result, index };
  }
  return null;
}

async function singlesOf(room: Room, epoch: string, given: Batch): Promise<(() => Promise<Result>)[]> {
  if (given.op === "delete") return given.ids.map((each) => () => room.send(`DELETE /${each}`));
  if (given.op === "filter" || given.op === "filter-delete") {
    const matching = (await room.rows()).filter((row) => Number(row.rank) >= given.atLeast);
    return matching.map(
      (row) => () =>
        given.op === "filter" ? room.send(`PATCH /${row.id}`, given.patch) : room.send(`DELETE /${row.id}`),
    );
  }
  return given.items.map((item, index) => async () => {
    const { ifVersion } = versionOf(given, index, epoch);
    const more =
      ifVersion === undefined
        ? {}
        : { headers: { "if-match": `"${ifVersion}${ifVersion.split(":").length === 2 ? ":000000" : ""}"` } };
    switch (given.op) {
      case "create":
        return room.send("POST ", item);
      case "replace":
        return room.send(`PUT /${item.id}`, item, more);
      case "update":
        return room.send(`PATCH /${item.id}`, item, more);
      case "upsert": {
        const isThere = (await room.rows()).some((row) => row.id === item.id);
        // There is no single upsert: an absent row is a create, and a condition on it is what PUT makes of it.
        if (isThere) return room.send(`PATCH /${item.id}`, item, more);
        return ifVersion === undefined ? room.send("POST ", item) : room.send(`PUT /${item.id}`, item, more);
      }
    }
  });
}

async function state(room: Room): Promise<unknown> {
  return [
    await room.rows(),
    await inspect(room.object, "SELECT * FROM _log"),
    await inspect(room.object, "SELECT * FROM _replies"),
  ];
}

async function plainRows(room: Room): Promise<unknown[]> {
  return (await room.rows()).map(({ _version, room: _room, ...row }) => row);
}

async function seeded(table: string): Promise<{ room: Room; epoch: string }> {
  const room = openRoom(table);
  const result = await room.send("POST /batch", { items: seed });
  expect(result.status, result.text).toBe(201);
  return { room, epoch: (result.headers.get("ledge-seq") ?? "").split(":")[0] ?? "" };
}

const outcomes = { applied: 0, refused: 0 };

describe("random batches", () => {
  it("[HT45] apply wholly or not at all, and do what single requests do", { timeout: 120_000 }, async () => {
    const property = fc.asyncProperty(batch, async (given) => {
      const [one, two] = [await seeded("boxes"), await seeded("twins")];
      const before = await state(one.room);
      const result = await sendBatch(one.room, one.epoch, given);
      const failure = await sendSingles(two.room, two.epoch, given);
      if (result.status >= 400) {
        outcomes.refused++;
        expect(await state(one.room)).toEqual(before);
        expect(result.status, result.text).toBeLessThan(500);
        const isPatchAlone = given.op === "filter" && failure === null;
        if (isPatchAlone) return void expect(result.body.code).toBe("VALIDATION_ERROR");
        expect({ status: result.status, code: result.body.code, reason: result.body.reason }, result.text).toEqual({
          status: failure?.result.status,
          code: failure?.result.body.code,
          reason: failure?.result.body.reason,
        });
        if ("items" in given) expect(result.body.index).toBe(failure?.index);
        return;
      }
      outcomes.applied++;
      expect(failure?.result.text).toBeUndefined();
      expect(await plainRows(one.room)).toEqual(await plainRows(two.room));
      const isChanged =
        JSON.stringify(((await state(one.room)) as unknown[])[0]) !== JSON.stringify((before as unknown[])[0]);
      expect(await one.room.seq()).toBe(isChanged ? 2 : 1);
      expect(result.body.seq).toBe(isChanged ? 2 : 1);
      expect(result.text).not.toContain('"secret"');
    });
    await fc.assert(property, { numRuns: 150 });
    expect(outcomes.applied).toBeGreaterThan(20);
    expect(outcomes.refused).toBeGreaterThan(20);
  });
});
