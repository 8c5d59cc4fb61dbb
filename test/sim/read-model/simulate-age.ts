/**
 * The age of what spans objects, from a seed: objects begin at any time, register before their first commit, and tell of it late or never; the
 * copies follow, and walkers ask all objects in turn, under the weather. After every turn each commit up to the age that a reader would be
 * told has to be in the copies, also of an object that has none yet; and with the weather calm the age comes up to the present.
 */

import { type ObjectName, objectName } from "../../../src/core/ids.ts";
import { runBatch } from "../../../src/features/read-model/database.ts";
import { followObject } from "../../../src/features/read-model/follow-object.ts";
import type { Projection } from "../../../src/features/read-model/projection.ts";
import { ageStatements, readAge } from "../../../src/features/read-model/read-age.ts";
import { walkObjects } from "../../../src/features/read-model/walk-objects.ts";
import { Broken } from "./check-copies.ts";
import { randomFrom } from "./random-from.ts";
import { VERSIONS, type Weather, World } from "./world.ts";

const OBJECTS = ["a", "b", "c", "d", "e"].map((part) => objectName("sim", "desk", part));
const TURNS = 90;
/** As far as a walk rests (ms), and more. */
const LATER_MS = 60_000;
const [whole] = VERSIONS;
/** Its objects are told apart by a partition. */
const PARTED: Projection = {
  ...whole,
  tables: new Map([...whole.tables].map(([name, table]) => [name, { ...table, partitionBy: "desk" }])),
};

/** Throws `Broken` where a promise is. */
export async function simulateAge(seed: number): Promise<Readonly<Record<string, number>>> {
  const tally: Record<string, number> = {};
  const count = (event: string) => {
    tally[event] = (tally[event] ?? 0) + 1;
  };
  const random = randomFrom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const world = new World();
  const pending: { readonly go: () => void; readonly fail: (error: Error) => void }[] = [];
  const weather: Weather = { step: () => new Promise<void>((go, fail) => void pending.push({ go, fail })) };
  const calm: Weather = { step: async () => {} };
  const consumer = (under: Weather) => ({ ...world.consumer(under, PARTED), clock: () => world.now });

  const write = (object: ObjectName) => {
    if (!world.stores.has(object)) {
      count("object begins");
      world.open(object, false);
    }
    const id = `r${below(50)}`;
    world.write(object, "cards", { op: "create", id, input: { id, text: "t" } });
  };
  const check = async () => {
    const groups = ["desk"];
    const age = readAge(await runBatch(world.d1.database, ageStatements(groups, [])), PARTED, groups);
    if (age.asOfMs === null) return count("no age");
    count("age");
    for (const [object, commits] of world.commits) {
      const newest = commits.findLast(({ atMs, seq }) => seq > 0 && atMs <= (age.asOfMs ?? 0));
      const cursor = age.cursors.find((each) => each.object === object);
      if (newest !== undefined && (cursor?.epoch !== newest.epoch || cursor.seq < newest.seq))
        throw new Broken(
          `${object} was at ${newest.seq} before ${age.asOfMs}, and is shown at ${cursor?.seq ?? "nothing"}`,
        );
      if (newest === undefined && commits.length > 0) count("younger than the age");
    }
  };

  for (let turn = 0; turn < TURNS; turn++) {
    const object = OBJECTS[below(OBJECTS.length)] ?? objectName("sim", "desk", "a");
    const dice = random();
    if (dice < 0.2) write(object);
    else if (dice < 0.3) {
      if (world.stores.has(object))
        followObject(consumer(weather), object, { untilMs: world.now + 50 }).then(count, () => count("follow failed"));
    } else if (dice < 0.4)
      // Of one object, of some, or of all there are.
      walkObjects(consumer(weather), "desk", 1 + below(6)).then(
        () => count("walked"),
        () => count("walk failed"),
      );
    else if (dice < 0.45) world.pass(below(LATER_MS));
    else
      for (let steps = 1 + below(8); steps > 0; steps--) {
        const [each] = pending.splice(below(pending.length), 1);
        if (random() < 0.97) each?.go();
        else each?.fail(new Error("lost"));
        await new Promise((resolve) => setImmediate(resolve));
      }
    await check();
  }
  pending.length = 0;
  world.pass(LATER_MS);
  const endsMs = world.now;
  await walkObjects(consumer(calm), "desk");
  // One that was under way when its walker died began earlier.
  world.pass(LATER_MS);
  await walkObjects(consumer(calm), "desk");
  await check();
  const [walk] = await runBatch(world.d1.database, ageStatements(["desk"], []));
  const age = readAge([walk ?? []], PARTED, ["desk"]);
  if ((age.asOfMs ?? 0) < endsMs)
    throw new Broken(`the age stays at ${age.asOfMs}, ${endsMs - (age.asOfMs ?? 0)} ms behind`);
  return tally;
}
