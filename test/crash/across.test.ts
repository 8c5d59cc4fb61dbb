/**
 * Transactions over several objects on a real workerd process that is killed with -9 every 0.2–1.5 s ([TX45] [TX46]). Every request has a
 * key and is repeated under it until it has a definite answer. What clients were told goes to the checker of histories; what lies in
 * the files must be whole, with nothing held. `RUNS=20 SEED=100 LOAD_MS=30000 npm run chaos -- across` for more.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkHistory } from "../sim/check-history.ts";
import type { HistoryEntry, MicroOp } from "../sim/history.ts";
import { app } from "./app/lists.ts";
import { bundleApp } from "./bundle-app.ts";
import { checkObject } from "./check-object.ts";
import { ConnectionFailure, type HttpClient, httpClient, type Reply } from "./http-client.ts";
import { readObjects, withDatabase } from "./object-file.ts";
import { type Random, seeded } from "./random.ts";
import { freePort, killAll, pause, type WorkerdProcess, workerdProcess } from "./workerd-process.ts";

const FIRST_SEED = Number(process.env.SEED ?? 1);
const SEEDS = Array.from({ length: Number(process.env.RUNS ?? 2) }, (_each, index) => FIRST_SEED + index);
const LOAD_MS = Number(process.env.LOAD_MS ?? 8000);
/** It lasts so many times `LOAD_MS` at most, until it has interrupted enough. */
const PATIENCE = 6;
const WRITERS = 8;
/** The longest a promise waits when nobody asks: the deadline of its transaction, and one more question. */
const REST_MS = 14_000;
const ROOMS = ["a", "b", "c"];

interface List {
  readonly room: string;
  readonly id: string;
}
interface Seen {
  readonly list: List;
  readonly values: readonly number[];
  readonly version: string;
}
interface Campaign {
  readonly http: HttpClient;
  readonly entries: HistoryEntry[];
  readonly counts: { lost: number; replayed: number; committed: number; kills: number };
  isOver: boolean;
  values: number;
}

const LISTS = ROOMS.flatMap((room) => ["1", "2"].map((id): List => ({ room, id })));
const nameOf = ({ room, id }: List) => `k${room}${id}`;

let bundle = "";
beforeAll(async () => {
  bundle = await bundleApp({ name: "across", app: join(import.meta.dirname, "app/lists.ts") });
});
afterAll(killAll);

it.each(SEEDS)(
  "[TX46] [TX33] seed %i: whole or absent, each key once, in some order that respects time",
  async (seed) => {
    const folder = mkdtempSync(join(tmpdir(), "ledge-across-"));
    const server = workerdProcess({ bundle, folder, port: await freePort() });
    const http = httpClient(server.origin);
    try {
      await server.start();
      const counts = { lost: 0, replayed: 0, committed: 0, kills: 0 };
      const campaign: Campaign = { http, entries: [], counts, isOver: false, values: 0 };
      for (const { room, id } of LISTS)
        expect(await definite(campaign, `/api/@${room}/lists`, { id, held: [] }, `make-${room}${id}`)).toMatchObject({
          status: 201,
        });
      const writers = Array.from({ length: WRITERS }, (_each, number) => write(campaign, number, seeded(seed, number)));
      await killAgainAndAgain(server, campaign, seeded(seed, 99));
      await Promise.all(writers);
      await pause(REST_MS);
      await server.kill();

      const objects = readObjects(server.objects, app.definition);
      const wrong = [...objects.values()].flatMap((object) => checkObject(object, null));
      const final = new Map<string, readonly number[]>();
      for (const list of LISTS) {
        const row = objects.get(`t/lists/lists/${list.room}`)?.tables.get("lists")?.get(list.id)?.row;
        final.set(nameOf(list), row?.held as unknown as number[]);
      }
      for (const { file, name } of objects.values()) {
        const held = withDatabase(file, (database) => database.prepare("SELECT txid FROM _prepared").all());
        if (held.length > 0) wrong.push(`${name} still holds ${JSON.stringify(held)}`);
      }
      const anomalies = checkHistory({ entries: campaign.entries, final, unordered: new Set() });
      console.log(`seed ${seed}: ${JSON.stringify(counts)}`);
      expect([...wrong, ...anomalies.map(({ text }) => text)], `seed ${seed}`).toEqual([]);
      // A campaign that interrupted nothing has shown nothing.
      expect(counts.kills).toBeGreaterThan(3);
      expect(counts.lost).toBeGreaterThan(0);
      expect(counts.committed).toBeGreaterThan(WRITERS);
    } finally {
      http.close();
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  120_000,
);

async function killAgainAndAgain(server: WorkerdProcess, campaign: Campaign, random: Random): Promise<void> {
  const startedAt = Date.now();
  const { counts } = campaign;
  // A slow machine needs longer for what the campaign is for.
  const isEnough = () => counts.kills > 3 && counts.lost > 0 && counts.committed > WRITERS;
  while (Date.now() - startedAt < LOAD_MS * (isEnough() ? 1 : PATIENCE)) {
    await pause(random.between(200, 1500));
    await server.kill();
    counts.kills += 1;
    await server.start();
  }
  campaign.isOver = true;
}

async function write(campaign: Campaign, number: number, random: Random): Promise<void> {
  for (let at = 0; !campaign.isOver; at++) {
    const left = [...LISTS];
    const chosen = Array.from({ length: random.pick([1, 2, 2, 3]) }, () =>
      left.splice(random.between(0, left.length - 1), 1),
    );
    const seen = await readTogether(campaign, `w${number}.${at}r`, chosen.flat());
    if (seen === null || random.chance(0.3)) continue;
    const invokedAt = performance.now();
    const added = seen.map((each) => ({ ...each, value: ++campaign.values }));
    const operations = added.map(({ list, version, values, value }) => ({
      ...{ op: "update", resource: "lists", partition: list.room, id: list.id, as: nameOf(list), ifVersion: version },
      data: { held: [...values, value] },
    }));
    const key = `w${number}.${at}`;
    const reply = await definite(campaign, "/api/transaction", { operations }, key);
    const isDone = reply.status === 200;
    if (isDone) campaign.counts.committed += 1;
    const ops = added.flatMap((each): MicroOp[] => [
      ...(isDone ? [reading(each)] : []),
      { kind: "append", list: nameOf(each.list), value: each.value },
    ]);
    note(campaign, key, isDone ? "ok" : "fail", invokedAt, ops);
  }
}

/** Null: lost, or refused for now. */
async function readTogether(
  campaign: Campaign,
  name: string,
  chosen: readonly List[],
): Promise<readonly Seen[] | null> {
  const invokedAt = performance.now();
  const operations = chosen.map((list) => ({
    ...{ op: "read", resource: "lists", partition: list.room, id: list.id, as: nameOf(list) },
  }));
  let reply: Reply;
  try {
    reply = await campaign.http.send({ method: "POST", path: "/api/transaction", body: { operations } });
  } catch (error) {
    if (!(error instanceof ConnectionFailure)) throw error;
    await pause(20);
    return null;
  }
  if (reply.status !== 200) return null;
  const { results, steps } = JSON.parse(reply.text) as {
    results: Record<string, { held: number[] }>;
    steps: { version: string }[];
  };
  const seen = chosen.map((list, index): Seen => {
    return { list, values: results[nameOf(list)]?.held ?? [], version: steps[index]?.version ?? "" };
  });
  note(campaign, name, "ok", invokedAt, seen.map(reading));
  return seen;
}

/** Repeats a request under its key until it is told what became of it. */
async function definite({ http, counts }: Campaign, path: string, body: unknown, key: string): Promise<Reply> {
  for (;;) {
    try {
      const reply = await http.send({ method: "POST", path, body, headers: { "idempotency-key": key } });
      if (reply.isReplay) counts.replayed += 1;
      if (reply.status < 500) return reply;
    } catch (error) {
      if (!(error instanceof ConnectionFailure)) throw error;
      if (error.kind === "lost") counts.lost += 1;
    }
    await pause(30);
  }
}

function reading({ list, values }: Seen): MicroOp {
  return { kind: "read", list: nameOf(list), values };
}

function note(
  { entries }: Campaign,
  name: string,
  outcome: HistoryEntry["outcome"],
  invokedAt: number,
  ops: readonly MicroOp[],
): void {
  entries.push({ name, outcome, invokedAt, completedAt: performance.now(), ops });
}
