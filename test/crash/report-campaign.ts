/** What one campaign did, in a few lines on the console, and the two numbers that the files tell. */

import type { EffectSink } from "./effect-sink.ts";
import type { StoredObject } from "./object-file.ts";
import type { Readings } from "./readers.ts";
import type { Campaign } from "./writers.ts";

export interface Kills {
  count: number;
  /** Kills with at least one write on its way. */
  underLoad: number;
  writesInFlight: number;
  /** Kills of a process that stood still at a fail point. */
  atPoints: number;
  /** Kills before the process answered anything. */
  whileStarting: number;
}

interface Report {
  readonly seed: number;
  readonly campaign: Campaign;
  readonly readings: Readings;
  readonly kills: Kills;
  readonly sink: EffectSink;
  readonly objects: ReadonlyMap<string, StoredObject>;
}

export function reportCampaign({ seed, campaign: { counts, outcomes }, readings, kills, sink, objects }: Report): {
  pruned: number;
  redelivered: number;
} {
  const commits = [...objects.values()].reduce((sum, { log }) => sum + (log.at(-1)?.seq ?? 0), 0);
  const pruned = [...objects.values()].reduce((sum, { log }) => sum + (log[0]?.seq ?? 1) - 1, 0);
  const distinct = new Set(sink.told.map(({ epoch, key }) => `${epoch} ${key}`)).size;
  const unwaited = outcomes.filter(
    ({ operation, reply }) => reply === null && [...objects.values()].some(({ replies }) => replies.has(operation.key)),
  ).length;
  console.log(
    [
      `seed ${seed}: ${kills.count} kills (${kills.underLoad} with writes in flight, ${kills.writesInFlight} writes in all; ${kills.atPoints} at a fail point, ${kills.whileStarting} during the start)`,
      `  ${counts.acknowledged} writes acknowledged, ${counts.refusals} rolled back; ${commits} commits in ${objects.size} objects, ${pruned} pruned from the ledgers`,
      `  ${counts.lost} connections lost, ${counts.repeats} repeats, ${counts.replaysAfterLoss} found their write done; ${counts.abandoned} walked away from, ${unwaited} of them done`,
      `  ${counts.recalls} acknowledged requests sent again, ${counts.twins} sent twice at once, ${counts.misuses} keys misused; ${counts.batches} batches; ${counts.unkeyed} without a key, ${counts.madeKeys} of them asked again with the key made for them; 503: ${JSON.stringify(counts.notNow)}`,
      `  effects: ${distinct} delivered, ${sink.told.length - distinct} of them again, ${sink.refused()} refused by the receiver; ${readings.reads} reads, ${readings.seen.size} writes seen`,
    ].join("\n"),
  );
  return { pruned, redelivered: sink.told.length - distinct };
}
