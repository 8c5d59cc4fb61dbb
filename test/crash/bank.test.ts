/**
 * Money moves between banks, each an object of its own, on a real workerd process ([TX45] [TX46]): killed with -9 every 0.2–2 s, its objects
 * aborted at named points of the protocol, and once without any alarm, so that nothing but readers finds out what became of a promise.
 * Whoever reads all accounts always finds all the money. `RUNS=20 SEED=100 LOAD_MS=30000 npm run chaos -- bank` for more.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FAIL_POINTS } from "../../durable-objects/table/fail-points.ts";
import { app } from "./app/bank.ts";
import { bundleApp } from "./bundle-app.ts";
import { checkObject } from "./check-object.ts";
import { describePoints, type HarmDriver, harmDriver, newTally } from "./harm-driver.ts";
import { ConnectionFailure, type HttpClient, httpClient, type Reply } from "./http-client.ts";
import { readObjects, withDatabase } from "./object-file.ts";
import { type Random, seeded } from "./random.ts";
import { freePort, killAll, pause, type WorkerdProcess, workerdProcess } from "./workerd-process.ts";

const FIRST_SEED = Number(process.env.SEED ?? 1);
const SEEDS = Array.from({ length: Number(process.env.RUNS ?? 1) }, (_each, index) => FIRST_SEED + index);
const LOAD_MS = Number(process.env.LOAD_MS ?? 8000);
/** A campaign goes on so many times longer at most, until it has shown something and the last one has hit every fail point. */
const PATIENCE = 6;
const WRITERS = 6;
const START = 100;
const POINTS = FAIL_POINTS.filter((name) => name.startsWith("agree."));
/** A promise whose driver is gone ends with the deadline of its transaction, when somebody asks. */
const REST_MS = 30_000;

interface Account {
  readonly bank: string;
  readonly id: string;
}
interface Campaign {
  readonly http: HttpClient;
  readonly counts: { moved: number; refused: number; lost: number; looks: number; kills: number };
  /** What nobody may ever see. */
  readonly wrong: string[];
  isOver: boolean;
}

const ACCOUNTS = ["a", "b", "c"].flatMap((bank) => ["1", "2"].map((id): Account => ({ bank, id })));
const TOTAL = ACCOUNTS.length * START;
const nameOf = ({ bank, id }: Account) => `${bank}${id}`;

const bundles = { harmful: "", timeless: "" };
beforeAll(async () => {
  const file = join(import.meta.dirname, "app/bank.ts");
  bundles.harmful = await bundleApp({ name: "bank", app: file, variant: "harmful" });
  bundles.timeless = await bundleApp({ name: "bank-timeless", app: file, variant: "timeless" });
});
afterAll(killAll);

const points = newTally(POINTS);

it.each(SEEDS)(
  "[TX46] [TP5] seed %i: killed, and aborted at named points: no money is made or lost, and nobody sees half of a move",
  async (seed) => {
    await runBank(bundles.harmful, seed, async (server, campaign, random) => {
      const harm = harmDriver(server, random, points);
      const areAllHit = () => seed !== SEEDS.at(-1) || harm.missing("all").length === 0;
      const startedAt = Date.now();
      while (Date.now() - startedAt < LOAD_MS * (hasShown(campaign) && areAllHit() ? 1 : PATIENCE)) {
        await pause(random.between(100, 600));
        await harmSome(harm, random);
        await kill(server, campaign);
      }
    });
  },
  240_000,
);

it("[TX46] the campaigns end objects, or the process, at every named point of the protocol", () => {
  console.log(describePoints(points));
  const missed = [...points].filter(([, { aborted, killed }]) => aborted + killed === 0).map(([name]) => name);
  expect(missed).toEqual([]);
});

it.each(SEEDS)(
  "[TX45] [TP12] seed %i: without any alarm, killed: readers find out what became of every promise",
  async (seed) => {
    await runBank(bundles.timeless, seed, async (server, campaign, random) => {
      const startedAt = Date.now();
      while (Date.now() - startedAt < LOAD_MS * (hasShown(campaign) ? 1 : PATIENCE)) {
        await pause(random.between(200, 2000));
        await kill(server, campaign);
      }
    });
  },
  240_000,
);

type Load = (server: WorkerdProcess, campaign: Campaign, random: Random) => Promise<void>;

async function runBank(bundle: string, seed: number, load: Load): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "ledge-bank-"));
  const server = workerdProcess({ bundle, folder, port: await freePort() });
  const http = httpClient(server.origin);
  try {
    await server.start();
    const counts = { moved: 0, refused: 0, lost: 0, looks: 0, kills: 0 };
    const campaign: Campaign = { http, counts, wrong: [], isOver: false };
    for (const { bank, id } of ACCOUNTS)
      expect(
        await definite(campaign, `/api/@${bank}/accounts`, { id, balance: START }, `open-${bank}${id}`),
      ).toMatchObject({
        status: 201,
      });
    const people = [
      ...Array.from({ length: WRITERS }, (_each, number) => moveMoney(campaign, number, seeded(seed, number))),
      lookOn(campaign),
    ];
    await load(server, campaign, seeded(seed, 99));
    campaign.isOver = true;
    await Promise.all(people);
    await comeToRest(campaign);
    await server.kill();
    console.log(`seed ${seed}: ${JSON.stringify(counts)}`);
    expect([...campaign.wrong, ...wrongInFiles(server)], `seed ${seed}`).toEqual([]);
    expect(hasShown(campaign), "interruptions, moves and looks").toBe(true);
  } finally {
    http.close();
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A campaign that interrupted nothing, or in which nothing moved, or nobody looked, has shown nothing. */
function hasShown({ counts: { kills, lost, moved, looks } }: Campaign): boolean {
  return kills > 1 && lost > 0 && moved > WRITERS && looks > 3;
}

async function harmSome(harm: HarmDriver, random: Random): Promise<void> {
  for (let times = random.between(1, 4); times > 0; times--) await harm.abortSomewhere("all");
  if (random.chance(0.6)) await harm.stopSomewhere("all");
  await harm.collect();
}

async function kill(server: WorkerdProcess, { counts }: Campaign): Promise<void> {
  await server.kill();
  counts.kills += 1;
  await server.start();
}

/** Reads two accounts, and moves some of what is there under the versions that were read. */
async function moveMoney(campaign: Campaign, number: number, random: Random): Promise<void> {
  for (let at = 0; !campaign.isOver; at++) {
    const left = [...ACCOUNTS];
    const pair = [0, 0].flatMap(() => left.splice(random.between(0, left.length - 1), 1));
    const seen = await read(campaign, pair);
    if (seen === null) continue;
    const amount = random.between(1, 30);
    const operations = pair.map((account, index) => ({
      ...{ op: "update", resource: "accounts", partition: account.bank, id: account.id, as: nameOf(account) },
      ifVersion: seen.versions[index],
      data: { balance: (seen.balances[index] ?? 0) + (index === 0 ? -amount : amount) },
    }));
    const reply = await definite(campaign, "/api/transaction", { operations }, `w${number}.${at}`);
    if (reply.status === 200) campaign.counts.moved += 1;
    else campaign.counts.refused += 1;
    if (![200, 409, 412].includes(reply.status)) campaign.wrong.push(`${reply.status} ${reply.text}`);
  }
}

/** All accounts at one moment hold all the money. */
async function lookOn(campaign: Campaign): Promise<void> {
  while (!campaign.isOver) {
    await look(campaign);
    await pause(20);
  }
}

async function look(campaign: Campaign): Promise<boolean> {
  const seen = await read(campaign, ACCOUNTS);
  if (seen === null) return false;
  campaign.counts.looks += 1;
  const sum = seen.balances.reduce((total, each) => total + each, 0);
  if (sum !== TOTAL) campaign.wrong.push(`all accounts together held ${sum}: ${JSON.stringify(seen.balances)}`);
  return true;
}

/** Null: lost, or refused for now. */
async function read(
  { http }: Campaign,
  chosen: readonly Account[],
): Promise<{ readonly balances: readonly number[]; readonly versions: readonly string[] } | null> {
  const operations = chosen.map((account) => ({
    ...{ op: "read", resource: "accounts", partition: account.bank, id: account.id, as: nameOf(account) },
  }));
  try {
    const reply = await http.send({ method: "POST", path: "/api/transaction", body: { operations } });
    if (reply.status !== 200) return null;
    const { results, steps } = JSON.parse(reply.text) as {
      results: Record<string, { balance: number }>;
      steps: { version: string }[];
    };
    return {
      balances: chosen.map((account) => results[nameOf(account)]?.balance ?? Number.NaN),
      versions: steps.map(({ version }) => version),
    };
  } catch (error) {
    if (!(error instanceof ConnectionFailure)) throw error;
    await pause(20);
    return null;
  }
}

/** Repeats a request under its key until it is told what became of it. */
async function definite({ http, counts }: Campaign, path: string, body: unknown, key: string): Promise<Reply> {
  for (;;) {
    try {
      const reply = await http.send({ method: "POST", path, body, headers: { "idempotency-key": key } });
      if (reply.status < 500) return reply;
    } catch (error) {
      if (!(error instanceof ConnectionFailure)) throw error;
      if (error.kind === "lost") counts.lost += 1;
    }
    await pause(30);
  }
}

/** Nothing but reading: what is still promised ends when somebody asks for it. */
async function comeToRest(campaign: Campaign): Promise<void> {
  // Every promise is about an account.
  for (const endsAt = Date.now() + REST_MS; Date.now() < endsAt; await pause(250)) {
    const replies = await Promise.all(
      ACCOUNTS.map(({ bank, id }) => campaign.http.send({ method: "GET", path: `/api/@${bank}/accounts/${id}` })),
    );
    if (replies.every(({ status }) => status === 200) && (await look(campaign))) return;
  }
  campaign.wrong.push("something is still promised, though everything was read");
}

function wrongInFiles(server: WorkerdProcess): string[] {
  const objects = readObjects(server.objects, app.definition);
  const wrong = [...objects.values()].flatMap((object) => checkObject(object, null));
  for (const { file, name } of objects.values()) {
    const held = withDatabase(file, (database) => database.prepare("SELECT txid FROM _prepared").all());
    if (held.length > 0) wrong.push(`${name} still holds ${JSON.stringify(held)}`);
  }
  const rows = ACCOUNTS.map(
    ({ bank, id }) => objects.get(`t/bank/accounts/${bank}`)?.tables.get("accounts")?.get(id)?.row,
  );
  const sum = rows.reduce((total, row) => total + Number(row?.balance), 0);
  return sum === TOTAL ? wrong : [...wrong, `the files hold ${sum}`];
}
