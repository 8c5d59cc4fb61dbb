/**
 * One simulated history from a seed: people write and read, objects lose their storage, migrate and prune, the list of copied columns
 * changes and two versions of the code run beside one another, D1 is migrated, operators ask for rebuilds, nudges are lost, doubled and overtaken,
 * consumers interleave, fail and die between any two steps. After every step D1 is held against what the objects were
 * (`check-copies.ts`), and so is all that readers are shown (`reader.ts`); in the end, with the weather calm, D1 must equal the objects.
 */

import { factsOf } from "../../../durable-objects/table/pull.ts";
import { type ObjectName, objectName } from "../../../src/core/ids.ts";
import { beginStep } from "../../../src/core/read-model/copy.ts";
import { statementsOf } from "../../../src/core/read-model/statements.ts";
import { runBatch } from "../../../src/features/read-model/database.ts";
import { followObject } from "../../../src/features/read-model/follow-object.ts";
import { groupOf } from "../../../src/features/read-model/projection.ts";
import { readCopies } from "../../../src/features/read-model/read-copies.ts";
import { Broken, checkCopies, checkRest } from "./check-copies.ts";
import { randomFrom } from "./random-from.ts";
import { readCards } from "./reader.ts";
import { SCHEMA_STORIES } from "./schema-stories.ts";
import { rowsOf, VERSIONS, type Weather, World } from "./world.ts";

export interface Tally {
  readonly [event: string]: number;
}

const OBJECTS = ["a", "b"].map((part) => objectName("sim", "desk", part));
const TURNS = 160;
/** At work at once; the others' nudges wait. */
const MAX_AT_WORK = 4;
/** Looks at the clock after which a copy that does not come to rest never will. */
const PATIENCE = 400;

interface Pending {
  readonly go: () => void;
  readonly fail: (error: Error) => void;
  readonly name: string;
}

/** Throws `Broken` where a promise is. */
export async function simulate(seed: number): Promise<Tally> {
  const tally: Record<string, number> = {};
  const count = (event: string) => {
    tally[event] = (tally[event] ?? 0) + 1;
  };
  const random = randomFrom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const world = new World();
  const state = { seen: new Map<string, number>(), count };
  for (const object of OBJECTS) world.open(object, false);

  const pending: Pending[] = [];
  const weather: Weather = {
    step: (name) => new Promise<void>((go, fail) => void pending.push({ go, fail, name })),
  };
  const calm: Weather = { step: async () => {} };
  const nudges: ObjectName[] = [];
  /** Found by a reader, whose promise nobody awaits. */
  const broken: unknown[] = [];
  let newest = 0;
  let searched: 0 | 1 = 0;
  let atWork = 0;
  let rowIds = 0;
  /** The version that is deployed; for a while the other one runs beside it. */
  const version = () => (random() < 0.85 ? VERSIONS[newest] : VERSIONS[1 - newest]) ?? VERSIONS[0];

  const write = (object: ObjectName) => {
    const table = pick(["cards", "cards", "marks"] as const);
    const id = `r${random() < 0.4 ? rowIds++ : below(Math.max(1, rowIds))}`;
    const content = table === "cards" ? { text: `t${below(1000)}`, size: below(100) } : { cardId: `r${below(9)}` };
    const op = pick(["create", "create", "update", "update", "delete"] as const);
    if (op === "create") world.write(object, table, { op, id, input: { id, ...content } });
    else if (op === "update") world.write(object, table, { op, id, input: content });
    else world.write(object, table, { op, id, hard: true });
    count("write");
  };

  const tell = (object: ObjectName) => {
    const fate = random();
    if (fate < 0.2) count("nudge lost");
    else nudges.push(object);
    if (fate > 0.85) {
      nudges.push(object);
      count("nudge doubled");
    }
  };

  /** Of the nudges that wait, any one. */
  const hear = () => {
    if (nudges.length === 0 || atWork >= MAX_AT_WORK) return;
    const at = below(nudges.length);
    if (at > 0) count("nudge overtaken");
    const [object] = nudges.splice(at, 1);
    if (object === undefined) return;
    count("nudge");
    atWork++;
    const untilMs = random() < 0.5 ? PATIENCE : 0;
    const done = (outcome: string) => {
      atWork--;
      count(outcome);
    };
    followObject(world.consumer(weather, version()), object, { untilMs }).then(done, () => done("consumer failed"));
  };

  const read = (object: ObjectName) => {
    const { epoch, head } = world.stores.get(object) ?? world.open(object, false);
    const wanted = random() < 0.7 ? [{ object, epoch, seq: Math.max(0, head.seq - below(8)) }] : [];
    readCards(world, weather, version(), wanted).then(count, (error) => {
      if (error instanceof Broken) broken.push(error);
      else count("reader failed");
    });
  };

  const rebuild = async (object: ObjectName) => {
    const store = world.stores.get(object);
    const group = groupOf(version(), object);
    if (store === undefined || group === null) return;
    const step = beginStep(object, await readCopies(world.d1.database, object), factsOf(store), group);
    if (step === null) return;
    await runBatch(world.d1.database, statementsOf(step, group.projected));
    count("rebuild");
  };

  /** Something that goes on elsewhere: it comes to its next step, fails there, or is never heard of again. */
  const proceed = () => {
    const [each] = pending.splice(below(pending.length), 1);
    if (each === undefined) return;
    const fate = random();
    if (fate < 0.96) each.go();
    else if (fate < 0.985) {
      each.fail(new Error(`lost at ${each.name}`));
      count("lost");
    } else {
      atWork = Math.max(0, atWork - 1);
      count("died");
    }
  };

  for (let turn = 0; turn < TURNS; turn++) {
    const object = pick(OBJECTS);
    const dice = random();
    if (dice < 0.2) {
      for (let writes = 1 + below(6); writes > 0; writes--) write(object);
      tell(object);
    } else if (dice < 0.3) hear();
    else if (dice < 0.35) read(object);
    else if (dice < 0.36) {
      for (let writes = 0; writes < 60; writes++) write(object);
      tell(object);
      count("burst");
    } else if (dice < 0.368) {
      world.open(object, random() < 0.5);
      tell(object);
      count("new ledger");
    } else if (dice < 0.376) {
      world.migrate(object);
      tell(object);
      count("migration");
    } else if (dice < 0.385) {
      world.toggleUpgrade(object);
      count("upgrade");
    } else if (dice < 0.393) {
      newest = 1 - newest;
      for (const each of OBJECTS) tell(each);
      count("deployment");
    } else if (dice < 0.4) {
      const story = pick(["search", "column", "table"] as const);
      world.d1.sqlite.exec(SCHEMA_STORIES[searched][story].join("\n"));
      if (story === "search") searched = searched === 0 ? 1 : 0;
      count(`migration of D1: ${story}`);
    } else if (dice < 0.41) await rebuild(object);
    else for (let steps = 1 + below(8); steps > 0; steps--) await proceedAndSettle(proceed);
    await settle();
    if (broken.length > 0) throw broken[0];
    checkCopies(world, state);
  }

  // Whoever was under way is gone; each object tells once more.
  pending.length = 0;
  world.endUpgrades();
  for (const object of OBJECTS) {
    const consumer = world.consumer(calm, VERSIONS[newest] ?? VERSIONS[0]);
    const outcome = await followObject(consumer, object, { untilMs: PATIENCE });
    if (outcome !== "current") throw new Broken(`the copies of ${object} do not come to rest`);
    checkCopies(world, state);
    const store = world.stores.get(object);
    if (store !== undefined) checkRest(world, object, rowsOf(store));
  }
  await readCards(world, calm, VERSIONS[newest] ?? VERSIONS[0], []);
  return tally;
}

async function proceedAndSettle(proceed: () => void): Promise<void> {
  proceed();
  await settle();
}

/** Lets all that can go on without the scheduler go on. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
