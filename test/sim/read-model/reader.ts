/**
 * A reader of the simulation: reads the cards of all objects, and the cursors, as a view does (the product's own clauses, its own instant
 * and its own judgement of `Ledge-Min-Seq`), while consumers write. What it is shown is held against what the objects were.
 */

import type { ObjectName } from "../../../src/core/ids.ts";
import { type Position, positionsBehind } from "../../../src/core/read-model/age.ts";
import { followObject } from "../../../src/features/read-model/follow-object.ts";
import type { Projection } from "../../../src/features/read-model/projection.ts";
import { type Age, ageStatements, readAge } from "../../../src/features/read-model/read-age.ts";
import { readInstant } from "../../../src/features/read-model/read-instant.ts";
import { prefixed, tableSource } from "../../../src/features/read-model/visible-rows.ts";
import { Broken } from "./check-copies.ts";
import { app, type Weather, type World } from "./world.ts";

const LOOKS = 20;

interface Shown {
  readonly rows: readonly string[];
  readonly age: Age;
  readonly behind: readonly Position[];
}

/** `wanted`: what the reader has seen already. */
export async function readCards(
  world: World,
  weather: Weather,
  projection: Projection,
  wanted: readonly Position[],
): Promise<"read" | "read after waiting" | "read-behind"> {
  const first = await readOnce(world, weather, projection, wanted);
  if (first.behind.length === 0) return checkShown(world, first, wanted, "read");
  const objects = [...new Set(first.behind.map(({ object }) => object))];
  await Promise.all(
    objects.map((object) =>
      followObject(world.consumer(weather, projection), object, { untilMs: LOOKS }).catch(() => "more"),
    ),
  );
  const second = await readOnce(world, weather, projection, wanted);
  return second.behind.length === 0 ? checkShown(world, second, wanted, "read after waiting") : "read-behind";
}

async function readOnce(
  world: World,
  weather: Weather,
  projection: Projection,
  wanted: readonly Position[],
): Promise<Shown> {
  const cards = projection.tables.get("cards");
  const resource = app.resources.get("cards");
  if (cards === undefined || resource === undefined) throw new TypeError("cards are not copied");
  // Its objects are told apart by the copies alone, as those of a table in partitions are.
  const source = tableSource(projection, { ...cards, partitionBy: "desk" }, resource.spec);
  const along = ageStatements(
    ["desk"],
    wanted.map(({ epoch }) => epoch),
  );
  const { result, along: found } = await readInstant(world.database(weather), along, (sql) =>
    prefixed(sql, source.prefix).all(`SELECT id, text FROM "${source.spec.name}"`),
  );
  const age = readAge(found, projection, ["desk"]);
  const rows = result.map(({ id, text }) => `${id} ${text}`).sort();
  return { rows, age, behind: positionsBehind(wanted, [...age.cursors, ...age.named]) };
}

/** Written without the core's own judgement, which is on trial. */
function checkShown<Outcome>(
  world: World,
  { rows, age }: Shown,
  wanted: readonly Position[],
  outcome: Outcome,
): Outcome {
  for (const { object, epoch, seq } of wanted) {
    const cursor = age.cursors.find((each) => each.object === object);
    if (cursor?.epoch !== epoch || cursor.seq < seq)
      throw new Broken(
        `a reader who had seen ${epoch}:${seq} of ${object} was shown ${JSON.stringify(cursor ?? null)}`,
      );
  }
  const possible = age.cursors.map((cursor) => cardsAt(world, cursor));
  const whole = possible.reduce<string[][]>(
    (sets, next) => sets.flatMap((set) => next.map((cards) => [...set, ...cards])),
    [[]],
  );
  const shown = JSON.stringify(rows);
  if (!whole.some((cards) => JSON.stringify(cards.sort()) === shown))
    throw new Broken(`a reader was shown ${shown} at ${JSON.stringify(age.cursors)}`);
  return outcome;
}

/** What the object may have held at the position: a migration changes rows without moving it. */
function cardsAt(
  world: World,
  { epoch, seq }: { readonly object: ObjectName; readonly epoch: string; readonly seq: number },
) {
  return [...world.history]
    .filter(([key]) => key.startsWith(`${epoch}:`) && key.endsWith(`:${seq}`))
    .map(([, rows]) => {
      const [cards] = JSON.parse(rows) as [{ readonly id: string; readonly text: string }[]];
      return cards.map(({ id, text }) => `${id} ${text}`);
    });
}
