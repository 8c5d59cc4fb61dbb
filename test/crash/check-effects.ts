/** What arrived at the receiver of effects against what was committed. Returns what does not hold, through `say`. */

import { type Evidence, rowsOf, type Say } from "./check-campaign.ts";
import type { StoredObject } from "./object-file.ts";
import type { Operation } from "./operations.ts";

/** At least once for what was committed, never for what was not, always the same under one key; and nothing left over. */
export function checkEffects(evidence: Evidence, say: Say, isCommitted: (operation: Operation) => boolean): void {
  const due = new Set<string>();
  for (const { operation } of evidence.outcomes) {
    const hasEffect =
      (operation.table === "tallies" && operation.act === "patch") ||
      (operation.table === "tickets" && operation.act === "create");
    if (!hasEffect || !isCommitted(operation)) continue;
    // A ticket tells its origin, which is the key where it was created alone.
    for (const { origin } of rowsOf(operation)) due.add(operation.batch === null ? operation.key : origin);
  }
  const aboutOf = new Map<string, string>();
  const delivered = new Set<string>();
  for (const { key, epoch, about } of evidence.told) {
    delivered.add(about);
    if (!due.has(about)) say(`effect ${key} was delivered for ${about}, which was never committed`);
    const place = `${epoch} ${key}`;
    const before = aboutOf.get(place) ?? about;
    if (before !== about) say(`effect ${place} was delivered for ${before} and for ${about}`);
    aboutOf.set(place, about);
  }
  for (const key of due) if (!delivered.has(key)) say(`the effect of ${key} was never delivered`);
  checkOrder(evidence, say);
  for (const object of evidence.objects.values()) checkLeftovers(object, say);
}

/** First tries arrive in order of seq; what is tried again, or was moved out of a pruned ledger, comes when it comes. */
function checkOrder({ told, objects }: Evidence, say: Say): void {
  const epoch = objects.get("t/crash/tallies")?.epoch;
  const arrived = new Set<number>();
  let highest = 0;
  for (const effect of told) {
    if (effect.epoch !== epoch || effect.attempt !== 1) continue;
    const seq = Number(effect.key.split(":")[1]);
    if (!arrived.has(seq) && seq < highest) say(`effect ${effect.key} arrived after that of seq ${highest}`);
    arrived.add(seq);
    highest = Math.max(highest, seq);
  }
}

function checkLeftovers(object: StoredObject, say: Say): void {
  const last = object.log.findLast((entry) => entry.effects > 0)?.seq ?? 0;
  if (object.outbox < last) say(`${object.name}: the outbox stands at ${object.outbox}, effects lie up to ${last}`);
  if (object.retries.length > 0) say(`${object.name}: ${object.retries.length} effects are still set aside`);
}
