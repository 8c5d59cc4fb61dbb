/**
 * Readers beside the writers: what a reader was shown must be durable, so the seq it is told never falls, through every kill,
 * and every write it saw is there in the end.
 */

import { ConnectionFailure, type HttpClient } from "./http-client.ts";
import { PLACES, pathOf, type TableName } from "./operations.ts";
import type { Random } from "./random.ts";
import { pause } from "./workerd-process.ts";

export interface Readings {
  reads: number;
  /** `last` of every row shown, with the object it lay in. */
  readonly seen: Map<string, string>;
  /** Highest seq shown, by object. */
  readonly heads: Map<string, number>;
  readonly surprises: string[];
}

export function newReadings(): Readings {
  return { reads: 0, seen: new Map(), heads: new Map(), surprises: [] };
}

const TABLES: readonly (readonly [table: TableName, object: string])[] = [
  ["notes", "t/crash/notes"],
  ["orders", "t/crash/shop"],
  ["lines", "t/crash/shop"],
  ["tickets", "t/crash/tickets"],
  ["tallies", "t/crash/tallies"],
  ["papers", "t/crash/papers"],
  ["readings", "t/crash/readings"],
];

export async function runReader(
  http: HttpClient,
  readings: Readings,
  random: Random,
  isOver: () => boolean,
): Promise<void> {
  const heads = new Map<string, number>();
  while (!isOver()) {
    const [table, group] = random.pick(TABLES);
    const place = table === "readings" ? random.pick(PLACES) : null;
    const object = place === null ? group : `${group}/${place}`;
    try {
      const path = `${pathOf(table, place, null)}?limit=20&orderBy=id:${random.chance(0.5) ? "desc" : "asc"}`;
      const reply = await http.send({ method: "GET", path, headers: { authorization: "Bearer dev:reader" } });
      if (reply.status === 503) continue;
      if (reply.status !== 200) {
        readings.surprises.push(`GET ${path} answered ${reply.status} ${reply.text}`);
        return;
      }
      readings.reads += 1;
      const seq = Number(reply.position?.split(":")[1]);
      const before = heads.get(object) ?? 0;
      if (!(seq >= before))
        readings.surprises.push(`${object}: a reader was told ${reply.position} after seq ${before}`);
      heads.set(object, seq);
      readings.heads.set(object, Math.max(seq, readings.heads.get(object) ?? 0));
      for (const { last } of (JSON.parse(reply.text) as { items: { last: string }[] }).items)
        readings.seen.set(last, object);
    } catch (error) {
      if (!(error instanceof ConnectionFailure)) throw error;
      await pause(random.between(2, 20));
    }
    await pause(random.between(0, 10));
  }
}
