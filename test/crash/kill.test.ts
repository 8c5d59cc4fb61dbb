/**
 * The campaign: writers on a real workerd process that is killed with -9 every 0.2–2 s (some kills at a named fail point, some in the
 * start itself) and started again on the same files; between kills, objects are aborted at fail points and evicted. Afterwards
 * everything is read back over HTTP and out of the SQLite files.
 *
 *   npm run chaos                                                  all of test/crash with the fixed seeds, as in CI
 *   RUNS=50 SEED=1000 LOAD_MS=30000 npm run chaos -- kill          50 campaigns of 30 s, seeds 1000 to 1049
 *
 * A seed repeats what the writers do and when the kills come, not how the machine interleaves them. A campaign whose kills hit no
 * request, or in which no reply was lost after its commit, or that never ended anything at one of the fail points, has not shown what
 * it is for, and fails. The last one goes on until each point was hit, up to a few times its length.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FAIL_POINTS } from "../../durable-objects/table/fail-points.ts";
import { app } from "./app/app.ts";
import { bundleApp } from "./bundle-app.ts";
import { checkCampaign } from "./check-campaign.ts";
import { checkObject } from "./check-object.ts";
import { checkSearch } from "./check-search.ts";
import { openSink } from "./effect-sink.ts";
import { describePoints, type Focus, type HarmDriver, harmDriver, newTally } from "./harm-driver.ts";
import { type HttpClient, httpClient } from "./http-client.ts";
import { readObjects, type StoredObject } from "./object-file.ts";
import { PLACES, TALLIES, tallyOf } from "./operations.ts";
import { type Random, seeded } from "./random.ts";
import { readBack } from "./read-back.ts";
import { newReadings, type Readings, runReader } from "./readers.ts";
import { type Kills, reportCampaign } from "./report-campaign.ts";
import { freePort, killAll, pause, type WorkerdProcess, workerdProcess } from "./workerd-process.ts";
import { type Campaign, newCampaign, runWriter, settle } from "./writers.ts";

const FIRST_SEED = Number(process.env.SEED ?? 1);
const SEEDS = Array.from({ length: Number(process.env.RUNS ?? 2) }, (_, index) => FIRST_SEED + index);
const LOAD_MS = Number(process.env.LOAD_MS ?? 9000);
/** The last campaign lasts so many times `LOAD_MS` at most, when fail points are left to hit. */
const PATIENCE = Number(process.env.PATIENCE ?? 6);
/** The others are hit where they can be waited for: by `migrate.test.ts` on objects that hold rows, by `replies.test.ts`, and by `bank.test.ts`. */
const POINTS = FAIL_POINTS.filter((name) => !/^(migrate|replies|agree)\./.test(name));
const OBJECTS = ["notes", "shop", "tickets", "tallies", "papers", "readings/p1", "_registry"].map(
  (name) => `t/crash/${name}`,
);
/** What writers do, alone and in batches. */
const ACTS = [
  "create",
  "patch",
  "replace",
  "delete",
  "restore",
  "remove",
  "refuse",
  ...["create", "patch", "delete", "upsert"].map((act) => `${act} batch`),
];
const WRITERS = 16;
const READERS = 2;
const DRAIN_TIMEOUT_MS = 40_000;

let bundle = "";
beforeAll(async () => {
  bundle = await bundleApp({ name: "campaign", app: join(import.meta.dirname, "app/app.ts"), variant: "harmful" });
});
afterAll(killAll);

describe("acknowledged writes survive kill -9", () => {
  const total = { underLoad: 0, replaysAfterLoss: 0, lost: 0, refusals: 0, pruned: 0, redelivered: 0, evictions: 0 };
  const points = newTally(POINTS);
  const acts = new Map<string, number>();

  it.each(SEEDS)(
    "[HT41] [HT42] [CL1] [TX40] seed %i: nothing lost, nothing twice, no gap, the ledger equals the rows",
    async (seed) => {
      const folder = mkdtempSync(join(tmpdir(), "ledge-crash-"));
      const sink = await openSink(await freePort(), seeded(seed, 1));
      const server = workerdProcess({ bundle, folder, port: await freePort(), variables: { SINK: sink.url } });
      const http = httpClient(server.origin);
      try {
        await server.start();
        const campaign = newCampaign();
        const readings = newReadings();
        const harm = harmDriver(server, seeded(seed, 4), points);
        const isMissing = () =>
          total.evictions + harm.evictions() === 0 ||
          total.lost + campaign.counts.lost === 0 ||
          total.replaysAfterLoss + campaign.counts.replaysAfterLoss === 0;
        const kills = await load({ server, http, campaign, readings, seed, harm, isMissing });
        sink.calm();
        const objects = await drained(server);
        await server.start();
        const { wrong: misread, heads } = await readBack(http, objects);
        await server.kill();
        const { pruned, redelivered } = reportCampaign({ seed, campaign, readings, kills, sink, objects });

        total.underLoad += kills.underLoad;
        total.replaysAfterLoss += campaign.counts.replaysAfterLoss;
        total.lost += campaign.counts.lost;
        total.refusals += campaign.counts.refusals;
        total.pruned += pruned;
        total.redelivered += redelivered;
        total.evictions += harm.evictions();
        for (const { operation, reply } of campaign.outcomes) {
          const act = `${operation.act}${operation.batch === null ? "" : " batch"}`;
          if (reply !== null) acts.set(act, (acts.get(act) ?? 0) + 1);
        }
        const inside = [...objects.values()].flatMap((object) => checkObject(object, heads.get(object.name) ?? null));
        const indexes = [...objects.values()].map((object) => checkSearch(object, searchedIn(object)));
        const against = checkCampaign({ outcomes: campaign.outcomes, readings, objects, told: sink.told });
        expect(
          [
            ...campaign.surprises,
            ...readings.surprises,
            ...misread,
            ...inside,
            ...indexes.flatMap(({ wrong }) => wrong),
            ...against,
          ].slice(0, 20),
          `seed ${seed}; what the process says of it:\n${troubles(server.output())}`,
        ).toEqual([]);
        expect(
          indexes.reduce((sum, { entries }) => sum + entries, 0),
          "entries of full-text indexes",
        ).toBeGreaterThan(0);
        expect(objects.size, "objects").toBeGreaterThanOrEqual(5 + PLACES.length - 1);
      } finally {
        await server.kill();
        await sink.close();
        http.close();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );

  it("[HT71] the campaigns hit what they are for", () => {
    console.log(
      `${SEEDS.length} campaigns, ${total.evictions} evictions; ${[...acts].map(([act, count]) => `${count} ${act}`).join(", ")}\n${describePoints(points)}`,
    );
    expect(
      ACTS.filter((act) => !acts.has(act)),
      "acts that never succeeded",
    ).toEqual([]);
    const missed = [...points].filter(([, { aborted, killed }]) => aborted + killed === 0).map(([name]) => name);
    expect(missed, "fail points where nothing ended").toEqual([]);
    expect(total.evictions, "objects put out of memory in peace").toBeGreaterThan(0);
    expect(total.underLoad, "kills while a write was in flight").toBeGreaterThan(0);
    expect(total.refusals, "writes rolled back after their effect was recorded").toBeGreaterThan(0);
    expect(total.pruned, "entries pruned from a ledger").toBeGreaterThan(0);
    expect(total.redelivered, "effects delivered again, because a kill fell between them and the note").toBeGreaterThan(
      0,
    );
    expect(total.lost, "requests whose connection broke").toBeGreaterThan(0);
    expect(
      total.replaysAfterLoss,
      "writes committed whose reply was lost, answered from the stored reply",
    ).toBeGreaterThan(0);
  });
});

interface Load {
  readonly server: WorkerdProcess;
  readonly http: HttpClient;
  readonly campaign: Campaign;
  readonly readings: Readings;
  readonly seed: number;
  readonly harm: HarmDriver;
  /** Whether the campaigns so far have not yet shown what they are for, besides the fail points. */
  readonly isMissing: () => boolean;
}

/** Writers, readers and kills side by side; returns when every writer has settled its last operation. */
async function load({ server, http, campaign, readings, seed, harm, isMissing }: Load): Promise<Kills> {
  const setup = { http, campaign, random: seeded(seed, 2), name: "setup" };
  for (const id of TALLIES) {
    const operation = tallyOf("create", id, `setup.${id}`, "setup");
    campaign.outcomes.push(await settle(setup, operation, { mayAbandon: false }));
  }
  const kills: Kills = { count: 0, underLoad: 0, writesInFlight: 0, atPoints: 0, whileStarting: 0 };
  // First everything at once; then a few writers, so that alarms come to their end between one kill and the next.
  for (const { focus, writers, share } of [
    { focus: "all", writers: WRITERS, share: 0.7 },
    { focus: "effects", writers: 3, share: 0.3 },
  ] as const) {
    const startedAt = Date.now();
    const isOver = () => {
      const lastedMs = Date.now() - startedAt;
      const isEnough =
        seed !== SEEDS.at(-1) || (harm.missing(focus).length === 0 && (focus === "effects" || !isMissing()));
      return lastedMs > LOAD_MS * (isEnough ? share : PATIENCE);
    };
    const name = (index: number) => `${focus === "all" ? "w" : "v"}${index}`;
    const work = Array.from({ length: writers }, (_, index) =>
      runWriter({ http, campaign, random: seeded(seed, 100 + index), name: name(index), isOver }),
    );
    const reading = Array.from({ length: READERS }, (_, index) =>
      runReader(http, readings, seeded(seed, 200 + index), isOver),
    );
    const killing = killUntil(isOver, { server, http, harm, random: seeded(seed, 3), kills, focus });
    await Promise.all([killing, ...work, ...reading]);
  }
  return kills;
}

interface Killing extends Pick<Load, "server" | "http" | "harm"> {
  readonly random: Random;
  readonly kills: Kills;
  readonly focus: Focus;
}

async function killUntil(isOver: () => boolean, { server, http, harm, random, kills, focus }: Killing): Promise<void> {
  while (!isOver()) {
    await harmObjects(harm, random, { focus, forMs: random.between(focus === "all" ? 200 : 1200, 2000) });
    if (random.chance(0.7) && (await harm.stopSomewhere(focus))) kills.atPoints += 1;
    if (!server.isRunning()) throw new Error(`workerd died by itself:\n${server.output()}`);
    const inFlight = http.writesInFlight();
    kills.count += 1;
    kills.writesInFlight += inFlight;
    if (inFlight > 0) kills.underLoad += 1;
    await server.kill();
    while (random.chance(0.25)) {
      server.spawn();
      await pause(random.between(0, 80));
      await server.kill();
      kills.count += 1;
      kills.whileStarting += 1;
    }
    await server.start();
  }
}

/** Of the log: defects and what was answered with 500; lost objects and kills are in order. */
function troubles(output: string): string {
  const lines = output.split("\n").filter((line) => /defect|"status":500|uncaught|ended by itself/i.test(line));
  return lines.slice(0, 20).join("\n");
}

/** Aborts and evictions, until it is time for the next kill. */
async function harmObjects(
  harm: HarmDriver,
  random: Random,
  { focus, forMs }: { focus: Focus; forMs: number },
): Promise<void> {
  for (const end = Date.now() + forMs; Date.now() < end; ) {
    // An object that does not come to rest is not waited for.
    if (random.chance(0.05)) void harm.evict(random.pick(OBJECTS));
    else await harm.abortSomewhere(focus);
    await pause(focus === "effects" ? random.between(100, 400) : random.between(20, 80));
  }
  await harm.collect();
}

function searchedIn({ tables }: StoredObject): string[] {
  return [...tables.keys()].filter((name) => app.definition.resources.get(name)?.spec.search !== undefined);
}

/**
 * The objects as they are when nothing is left to deliver. Between looks the process runs without a single request: alarms
 * must come back by themselves.
 */
async function drained(server: WorkerdProcess): Promise<ReadonlyMap<string, StoredObject>> {
  const deadline = Date.now() + DRAIN_TIMEOUT_MS;
  for (;;) {
    await server.kill();
    const objects = readObjects(server.objects, app.definition);
    const isPending = [...objects.values()].some(
      ({ log, outbox, retries }) => retries.length > 0 || log.some(({ seq, effects }) => effects > 0 && seq > outbox),
    );
    if (!isPending || Date.now() > deadline) return objects;
    await server.start();
    await pause(1500);
  }
}
