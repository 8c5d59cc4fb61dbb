/**
 * Real objects under real concurrency: clients append to and read lists that lie in three objects, by single writes, transactions and plain reads,
 * while all objects are lost again and again. The history of what they were told goes to the checker of the simulator ([TX15] [TX45] [TX46]).
 */

import { abortAllDurableObjects } from "cloudflare:test";
import { expect, it } from "vitest";
import { type Random, seeded } from "../crash/random.ts";
import { checkHistory } from "../sim/check-history.ts";
import type { HistoryEntry, MicroOp } from "../sim/history.ts";
import { inspect, type Result } from "../support/scenario.ts";
import { uid } from "./batch-support.ts";
import { type Bank, openBank } from "./transaction-support.ts";

interface List {
  readonly name: string;
  readonly bank: Bank;
  readonly n: number;
}

/** What a client saw of a list, and the tag under which it may change it. */
interface Seen {
  readonly list: List;
  readonly values: readonly number[];
  readonly version: string;
}

const CLIENTS = 6;
const REQUESTS = 14;

async function campaign(seed: number, losses: number): Promise<void> {
  const banks = [openBank("history"), openBank("history"), openBank("history")];
  const lists = banks.flatMap((bank, index) => [1, 2].map((n): List => ({ name: `k${index}${n}`, bank, n })));
  for (const { bank, n } of lists)
    expect((await bank.send("POST /lines", { id: uid(n), data: { values: [] } })).status).toBe(201);
  const entries: HistoryEntry[] = [];
  let values = 0;

  const client = async (number: number) => {
    const random = seeded(seed, number);
    for (let at = 0; at < REQUESTS; at++) {
      const name = `c${number}.${at}`;
      const chosen = distinct(random, lists, random.pick([1, 2, 2, 3]));
      const dice = random.next();
      if (dice < 0.25) await readPlain(name, chosen[0] as List);
      else if (dice < 0.45) await readTogether(name, chosen);
      else await append(name, chosen);
    }
  };

  async function readPlain(name: string, list: List): Promise<void> {
    const invokedAt = performance.now();
    const result = await list.bank.send(`GET /lines/${uid(list.n)}`);
    if (result.status !== 200) return;
    const { values: found } = result.body.data as { values: number[] };
    note(name, "ok", invokedAt, [{ kind: "read", list: list.name, values: found }]);
  }

  /** Null: refused or lost, which says nothing. */
  async function readTogether(name: string, chosen: readonly List[]): Promise<readonly Seen[] | null> {
    const invokedAt = performance.now();
    const [first] = chosen as [List];
    const result = await first.bank.post(
      chosen.map(({ bank, n, name: as }) => ({ op: "read", resource: "lines", partition: bank.room, id: uid(n), as })),
    );
    if (result.status !== 200) return null;
    const results = result.body.results as Record<string, { data: { values: number[] } }>;
    const steps = result.body.steps as { version: string }[];
    const seen = chosen.map((list, index) => ({
      list,
      values: results[list.name]?.data.values ?? [],
      version: steps[index]?.version ?? "",
    }));
    note(name, "ok", invokedAt, seen.map(reading));
    return seen;
  }

  async function append(name: string, chosen: readonly List[]): Promise<void> {
    const seen = await readTogether(`${name}r`, chosen);
    if (seen === null) return;
    const invokedAt = performance.now();
    const added = seen.map((each) => ({ ...each, value: ++values }));
    const [first] = added;
    if (first === undefined) return;
    let result: Result;
    if (added.length === 1) {
      const data = { values: [...first.values, first.value] };
      const headers = { "if-match": `"${first.version}"` };
      result = await first.list.bank.send(`PATCH /lines/${uid(first.list.n)}`, { data }, { headers });
    } else {
      result = await first.list.bank.post(
        added.map(({ list, version, values: before, value }) => ({
          ...{ op: "update", resource: "lines", partition: list.bank.room, id: uid(list.n), as: list.name },
          ...{ ifVersion: version, data: { data: { values: [...before, value] } } },
        })),
      );
    }
    const ops = added.flatMap((each): MicroOp[] => [
      reading(each),
      { kind: "append", list: each.list.name, value: each.value },
    ]);
    note(name, outcomeOf(result), invokedAt, ops);
  }

  function note(name: string, outcome: HistoryEntry["outcome"], invokedAt: number, ops: readonly MicroOp[]): void {
    const completedAt = outcome === "info" ? Number.POSITIVE_INFINITY : performance.now();
    const told = outcome === "ok" ? ops : ops.filter((op) => op.kind === "append");
    entries.push({ name, outcome, invokedAt, completedAt, ops: told });
  }

  let isDone = false;
  const loser = (async () => {
    for (let lost = 0; lost < losses && !isDone; lost++) {
      await new Promise((resume) => setTimeout(resume, 120));
      await abortAllDurableObjects();
    }
  })();
  await Promise.all(Array.from({ length: CLIENTS }, (_each, number) => client(number)));
  isDone = true;
  await loser;

  const held = () => Promise.all(banks.map(({ object }) => inspect(object, "SELECT txid FROM _prepared")));
  await expect.poll(held, { timeout: 20_000 }).toEqual(banks.map(() => []));
  const final = new Map<string, readonly number[]>();
  for (const { name, bank, n } of lists) {
    const row = (await bank.rows("lines")).find(({ id }) => id === uid(n));
    final.set(name, (JSON.parse(String(row?.data)) as { values: number[] }).values);
  }
  const anomalies = checkHistory({ entries, final, unordered: new Set() });
  expect(
    anomalies.map(({ text }) => text),
    `seed ${seed}`,
  ).toEqual([]);
  const committed = entries.filter(({ outcome, ops }) => outcome === "ok" && ops.some(({ kind }) => kind === "append"));
  expect(committed.length).toBeGreaterThan(CLIENTS);
}

function reading({ list, values }: Seen): MicroOp {
  return { kind: "read", list: list.name, values };
}

/** What the product says of a failure: 4xx, `unavailable` and `timeout` mean that nothing was written. */
function outcomeOf({ status, body }: Result): HistoryEntry["outcome"] {
  if (status < 300) return "ok";
  return status < 500 || body.code === "UNAVAILABLE" || body.code === "TIMEOUT" ? "fail" : "info";
}

function distinct<T>(random: Random, from: readonly T[], count: number): T[] {
  const left = [...from];
  return Array.from({ length: count }, () => left.splice(random.between(0, left.length - 1), 1)[0] as T);
}

it.each([1, 2, 3])(
  "[TX15] clients of three objects find some order of all they did; seed %i",
  async (seed) => {
    await campaign(seed, 0);
  },
  60_000,
);

it.each([11, 12, 13, 14])(
  "[TX46] also when every object is lost again and again; seed %i",
  async (seed) => {
    await campaign(seed, 8);
  },
  60_000,
);
