/**
 * How far the copies have got that an answer stands on, read in the same batch as its rows; and the positions that its reader wants,
 * looked up in the register where D1 does not know their ledger yet.
 */

import { type ObjectName, objectName } from "../../core/ids.ts";
import { type Cursor, type Position, positionsText, readWishes } from "../../core/read-model/age.ts";
import type { Statement } from "../../core/read-model/statements.ts";
import { readObject } from "../../edge/call-object.ts";
import type { TableEntry } from "../../edge/edge.ts";
import { expectAnswer } from "../../edge/endpoints/answer.ts";
import type { Exchange } from "../../edge/exchange.ts";
import { callHeader } from "../../edge/exchange.ts";
import { admitsPartition } from "../../edge/partition.ts";
import { registryOf } from "../../edge/registry-of.ts";
import { groupOf, type Projection } from "./projection.ts";

/** Objects whose positions an answer names, and that one read asks for news at once. */
export const MAX_NAMED_OBJECTS = 16;

export interface GroupAge {
  /** Up to when (ms since 1970) nothing that was committed is missing; null while that is not known. */
  readonly asOfMs: number | null;
  /** The walk over its objects is not gone on with before this (ms). */
  readonly dueMs: number;
}

export interface Age {
  /** Of the copies that serve; of many only some. */
  readonly cursors: readonly Cursor[];
  readonly groups: ReadonlyMap<string, GroupAge>;
  /** The oldest of them. */
  readonly asOfMs: number | null;
  /** Those of the ledgers that the reader has named. */
  readonly named: readonly Cursor[];
}

/** Statements to be read along with the rows, and their records as an age: few, since each costs D1 more than what it reads. */
export function ageStatements(groups: readonly string[], epochs: readonly string[]): readonly Statement[] {
  const cursors: Statement = {
    sql: `SELECT object, epoch, seq, grp, status, form, as_of, head FROM rm_copies
 WHERE grp IN (SELECT value FROM json_each(?)) AND status IN ('serving', 'walked')
 ORDER BY status = 'serving', part IS NOT NULL, id LIMIT ${MAX_NAMED_OBJECTS + 1} + ?`,
    params: [JSON.stringify(groups), groups.length],
  };
  if (epochs.length === 0) return [cursors];
  return [
    cursors,
    {
      sql: "SELECT object, epoch, seq FROM rm_copies WHERE epoch IN (SELECT value FROM json_each(?)) AND status = 'serving'",
      params: [JSON.stringify(epochs)],
    },
  ];
}

/** A group that is one object is as old as its copy; one in partitions as old as what is known of all its objects, with or without a copy. */
export function readAge(
  [lines = [], named = []]: readonly (readonly Record<string, unknown>[])[],
  projection: Projection,
  groups: readonly string[],
): Age {
  const serving = lines.filter(({ status }) => status === "serving");
  const ages = groups.map((group): readonly [string, GroupAge] => {
    const form = groupOf(projection, objectName(projection.app, group, null))?.form;
    const status = isPartitioned(projection, group) ? "walked" : "serving";
    const line = lines.find((each) => each.grp === group && each.status === status);
    const asOfMs = line?.form === form ? Number(line?.as_of ?? 0) || null : null;
    return [group, { asOfMs, dueMs: status === "walked" ? Number(line?.head ?? 0) : 0 }];
  });
  const times = ages.flatMap(([, { asOfMs }]) => asOfMs ?? []);
  return {
    cursors: serving.map(cursorOf),
    groups: new Map(ages),
    asOfMs: times.length === 0 || times.length < ages.length ? null : Math.min(...times),
    named: named.map(cursorOf),
  };
}

export function isPartitioned({ tables }: Projection, group: string): boolean {
  return [...tables.values()].some((table) => table.group === group && table.partitionBy !== null);
}

/**
 * The positions a reader wants of the objects of these groups. A ledger that the register does not know is an older one, or another
 * application's, and asks for nothing; so does an object of another group, one that the register does not know (to ask it would make it), and
 * one in a partition that the caller may not enter. Who names a ledger has been shown it.
 */
export async function wantedPositions(exchange: Exchange, groups: readonly string[]): Promise<readonly Position[]> {
  const { env, edge, request } = exchange;
  const app = edge.definition.name;
  const isOurs = (object: ObjectName) => {
    const [, owner, group = ""] = object.split("/");
    return owner === app && groups.includes(group);
  };
  const wishes = readWishes(request.headers.get("ledge-min-seq"));
  const found = await Promise.all(
    wishes.map(async (wish): Promise<readonly Position[]> => {
      const registry = registryOf(env, app);
      if (wish.kind === "transaction") {
        const { object } = wish;
        const isKnown = isOurs(object) && (await mayEnter(exchange, object)) && (await registry.isRegistered(object));
        return isKnown ? settledPositions(exchange, object) : [];
      }
      const object = await registry.objectOf(wish.epoch);
      return object !== null && isOurs(object) ? [{ object, epoch: wish.epoch, seq: wish.seq }] : [];
    }),
  );
  return found.flat();
}

/**
 * `Ledge-Seq` of an answer. Of ledgers that the reader has named, so has been shown, the position, while their partition admits the reader; where
 * all rows are in sight, of the objects that have their tables to themselves, too. Any other would tell who else there is, and how busy.
 */
export async function toldPositions(
  exchange: Exchange,
  { cursors, named }: Age,
  sight: "all" | "some",
): Promise<string | null> {
  const whole = cursors.filter(({ object }) => sight === "all" && object.split("/").length === 3);
  const others = named.filter(({ epoch }) => hasNamed(exchange, epoch));
  const entered = await Promise.all(others.map(({ object }) => mayEnter(exchange, object)));
  return positionsText([...whole, ...others.filter((_, index) => entered[index])], MAX_NAMED_OBJECTS);
}

/** A ledger's name is told by answers alone; that of a transaction's object anyone can guess. */
export function hasNamed({ request }: Exchange, epoch: string): boolean {
  return request.headers.get("ledge-min-seq")?.includes(epoch) === true;
}

/** By the rule of any of its tables, as in a transaction over several. */
export async function mayEnter(exchange: Exchange, object: ObjectName): Promise<boolean> {
  const [, , , partition = null] = object.split("/");
  const rules = tablesIn(exchange, object).flatMap(({ resource }) => resource.config.partition ?? []);
  if (partition === null) return rules.length === 0;
  const answers = await Promise.all(rules.map((rule) => admitsPartition(rule, partition, exchange)));
  return answers.includes(true);
}

/** Where the object stands once nothing is promised in it any more: a read of all rows waits for that. */
async function settledPositions(exchange: Exchange, object: ObjectName): Promise<readonly Position[]> {
  const [, , , partition = null] = object.split("/");
  const positions = await Promise.all(
    tablesIn(exchange, object).map(async (entry) => {
      const request = { ...exchange, entry, partition, object };
      const { consistency: _, ...header } = callHeader(request);
      const reply = await readObject(request, {
        ...header,
        op: "count",
        scope: "*",
        filter: "",
        withDeleted: null,
        limit: 1,
        conditions: {},
      });
      const [epoch = "", seq = "0"] = expectAnswer(reply).position.split(":");
      return { object, epoch, seq: Number(seq) };
    }),
  );
  return positions;
}

function tablesIn({ edge }: Exchange, object: ObjectName): readonly TableEntry[] {
  const [, , group] = object.split("/");
  return [...edge.tables.values()].filter(({ resource }) => resource.spec.group === group);
}

function cursorOf({ object, epoch, seq }: Record<string, unknown>): Cursor {
  return { object: object as ObjectName, epoch: String(epoch), seq: Number(seq) };
}
