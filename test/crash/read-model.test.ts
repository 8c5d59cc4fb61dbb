/**
 * The read model on a real workerd process that is killed with -9 before, in the middle of and after every kind of batch that brings a copy on:
 * while it follows, is filled for the first time or beside the one that is read from, switches, and is dropped; under writes in partitions,
 * in a group, in transactions over objects, under rebuilds and objects that lose their ledger. At each restart, before anybody runs again,
 * what lies on disk is compared; a reader with `Ledge-Min-Seq` is never shown older; once quiet every copy is its object.
 *
 *   RUNS=10 SEED=100 ROUNDS=5 npm run chaos -- read-model
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { app } from "../features/read-model/app.ts";
import { bundleApp } from "./bundle-app.ts";
import { checkCopies } from "./check-copies.ts";
import { KINDS, MOMENTS, STOPPED_AT } from "./copy-points.ts";
import { copyTraffic } from "./copy-traffic.ts";
import { seeded } from "./random.ts";
import { freePort, killAll, pause, workerdProcess } from "./workerd-process.ts";

const RUNS = Number(process.env.RUNS ?? 1);
const FIRST = Number(process.env.SEED ?? 1);
/** How often each point is to be hit. */
const ROUNDS = Number(process.env.ROUNDS ?? 1);
/** Lives of the process in which nobody came by a point, before the campaign gives up. */
const MAX_IDLE = 12;
const POINTS = KINDS.flatMap((kind) => MOMENTS.map((moment) => `${kind}.${moment}`));

let bundle = "";
let schema: readonly string[] = [];
beforeAll(async () => {
  bundle = await bundleApp({
    name: "read-model",
    app: join(import.meta.dirname, "../features/read-model/app.ts"),
    variant: "copying",
  });
  const folder = join(dirname(bundle), "migrations/d1");
  const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  schema = files.flatMap((name) => readFileSync(join(folder, name), "utf8").split("--> statement-breakpoint"));
});
afterAll(killAll);

it.each(Array.from({ length: RUNS }, (_, index) => FIRST + index))(
  "[RM2] [RM4] [HT8] a copy is what its object was at its cursor, wherever a kill -9 meets its consumer (seed %i)",
  async (seed) => {
    const folder = mkdtempSync(join(tmpdir(), "ledge-crash-read-model-"));
    const workerd = workerdProcess({ bundle, folder, port: await freePort(), databaseClass: "DatabaseObject" });
    const random = seeded(seed);
    const traffic = copyTraffic({ origin: workerd.origin, random });
    const killed = new Map(POINTS.map((point) => [point, 0]));
    const seen = new Map<string, number>();
    const compared: Record<string, number> = {};
    let stoppedAt: string | null = null;
    workerd.onLine((line) => {
      if (line.startsWith(STOPPED_AT)) stoppedAt = line.slice(STOPPED_AT.length).trim();
    });
    const look = () => {
      const found = checkCopies(join(folder, "data"), app.definition, seen);
      expect(found.problems).toEqual([]);
      for (const [status, count] of Object.entries(found.compared)) compared[status] = (compared[status] ?? 0) + count;
      return found;
    };

    await workerd.start();
    await traffic.post(
      "/harm/sql",
      schema.map((sql) => ({ sql, params: [] })),
    );
    for (let idle = 0; [...killed.values()].some((count) => count < ROUNDS); ) {
      const missing = POINTS.filter((point) => (killed.get(point) ?? 0) < ROUNDS);
      // A few at once; never two moments of one kind, of which the earlier would hide the later.
      const planned = KINDS.flatMap((kind) => {
        const own = missing.filter((point) => point.startsWith(`${kind}.`));
        return own.length === 0 ? [] : [random.pick(own)];
      });
      stoppedAt = null;
      const running = traffic.run();
      // What they have done tells when, not a clock.
      const enough = traffic.acts() + random.between(2, 12);
      await expect.poll(() => traffic.acts(), { timeout: 60_000, interval: 2 }).toBeGreaterThanOrEqual(enough);
      // It may stand still before it has answered.
      const asked = traffic.post("/harm/plan", planned).catch(() => undefined);
      for (const end = Date.now() + 5000; Date.now() < end && stoppedAt === null; ) await pause(2);
      await workerd.kill();
      await Promise.all([running, asked]);
      idle = stoppedAt === null ? idle + 1 : 0;
      if (stoppedAt !== null) killed.set(stoppedAt, (killed.get(stoppedAt) ?? 0) + 1);
      if (idle > MAX_IDLE) throw new Error(`never came by ${missing.join(", ")}\n${workerd.output().slice(-2000)}`);
      look();
      await workerd.start();
    }

    await traffic.settle();
    await workerd.kill();
    const { current, objects } = look();
    console.log(
      `seed ${seed}: ${[...killed.values()].reduce((sum, count) => sum + count, 0)} kills, ${JSON.stringify(compared)} copies compared, ${JSON.stringify(traffic.counts)}\n${[...killed].map(([point, count]) => `  ${point.padEnd(24)}${count}`).join("\n")}`,
    );
    expect(objects.filter((name) => !current.includes(name))).toEqual([]);
    expect(objects.length).toBeGreaterThan(5);
    expect(traffic.problems).toEqual([]);
    for (const did of ["note", "group", "across", "rebuild", "reset", "read"])
      expect([did, (traffic.counts[did] ?? 0) > 0]).toEqual([did, true]);
    expect(compared.building ?? 0).toBeGreaterThan(0);
    rmSync(folder, { recursive: true, force: true });
  },
);
