/**
 * One simulated history from a seed: people write, objects lose their storage, migrate and prune, operators ask for rebuilds, nudges are
 * lost, doubled and late, consumers interleave, fail and die between any two steps. After every batch D1 is held against what the objects
 * were; in the end, with the weather calm, it must equal what they are.
 */

import { factsOf } from "../../../durable-objects/table/pull.ts";
import { type ObjectName, objectName } from "../../../src/core/ids.ts";
import { beginStep } from "../../../src/core/read-model/copy.ts";
import { statementsOf } from "../../../src/core/read-model/statements.ts";
import { runBatch } from "../../../src/features/read-model/database.ts";
import { followObject } from "../../../src/features/read-model/follow-object.ts";
import { groupOf } from "../../../src/features/read-model/projection.ts";
import { readCopies } from "../../../src/features/read-model/read-copies.ts";
import { PROJECTION, rowsOf, type Weather, World } from "./world.ts";

export interface Tally {
  readonly [event: string]: number;
}

const OBJECTS = ["a", "b"].map((part) => objectName("sim", "desk", part));
const STEPS = 160;

export class Broken extends Error {}

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
  const seen = new Map<string, number>();
  for (const object of OBJECTS) world.open(object, false);

  interface Pending {
    readonly go: () => void;
    readonly fail: (error: Error) => void;
    readonly name: string;
  }
  const pending: Pending[] = [];
  const weather: Weather = {
    step: (name) => new Promise<void>((go, fail) => void pending.push({ go, fail, name })),
  };
  const calm: Weather = { step: async () => {} };
  let rowIds = 0;

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

  const rebuild = async (object: ObjectName) => {
    const store = world.stores.get(object);
    const group = groupOf(PROJECTION, object);
    if (store === undefined || group === null) return;
    const copies = await readCopies(world.d1.database, object);
    const step = beginStep(object, copies, factsOf(store), group);
    if (step === null) return;
    await runBatch(world.d1.database, statementsOf(step, group.projected));
    count("rebuild");
  };

  const nudge = (object: ObjectName) => {
    count("nudge");
    const untilMs = random() < 0.5 ? Number.POSITIVE_INFINITY : 0;
    followObject(world.consumer(weather), object, { untilMs }).then(
      (outcome) => count(outcome),
      () => count("consumer failed"),
    );
  };

  for (let step = 0; step < STEPS; step++) {
    const object = pick(OBJECTS);
    const dice = random();
    if (dice < 0.3) for (let writes = 1 + below(6); writes > 0; writes--) write(object);
    else if (dice < 0.42) nudge(object);
    else if (dice < 0.43) {
      for (let writes = 0; writes < 130; writes++) write(object);
      count("burst");
    } else if (dice < 0.44) {
      world.open(object, random() < 0.5);
      count("new ledger");
    } else if (dice < 0.45) {
      world.migrate(object);
      count("migration");
    } else if (dice < 0.47) await rebuild(object);
    else {
      const at = below(pending.length);
      const [each] = pending.splice(at, 1);
      const fate = random();
      if (each === undefined) continue;
      if (fate < 0.88) each.go();
      else if (fate < 0.95) {
        each.fail(new Error(`lost at ${each.name}`));
        count("lost");
      } else count("died");
    }
    await settleMicrotasks();
    check(world, seen, count);
  }

  // Whoever was under way is gone; each object tells once more.
  pending.length = 0;
  for (const object of OBJECTS) {
    await followObject(world.consumer(calm), object, { untilMs: Number.POSITIVE_INFINITY });
    check(world, seen, count);
    const store = world.stores.get(object);
    const rest = world.d1.sqlite.prepare("SELECT status FROM rm_copies WHERE object = ?").all(object);
    if (JSON.stringify(rest) !== '[{"status":"serving"}]') throw new Broken(`copies left: ${JSON.stringify(rest)}`);
    if (store !== undefined && visible(world, object) !== rowsOf(store))
      throw new Broken(`once quiet, D1 holds\n${visible(world, object)}\nand ${object}\n${rowsOf(store)}`);
  }
  const strays = world.d1.sqlite
    .prepare(
      "SELECT (SELECT count(*) FROM rm_cards WHERE _copy NOT IN (SELECT id FROM rm_copies)) + (SELECT count(*) FROM rm_marks WHERE _copy NOT IN (SELECT id FROM rm_copies)) AS n",
    )
    .get() as { readonly n: number };
  if (strays.n > 0) throw new Broken(`${strays.n} rows belong to no copy`);
  return tally;
}

/** Every copy that is read from holds exactly what its object held at its cursor; and no cursor goes back in one ledger. */
function check(world: World, seen: Map<string, number>, count: (event: string) => void): void {
  const copies = world.d1.sqlite
    .prepare("SELECT id, object, epoch, migration, seq FROM rm_copies WHERE status = 'serving'")
    .all() as { id: number; object: ObjectName; epoch: string; migration: string | null; seq: number }[];
  for (const { id, object, epoch, migration, seq } of copies) {
    const truth = world.history.get(`${epoch}:${migration}:${seq}`);
    if (truth === undefined) throw new Broken(`${object} is served at ${epoch}:${migration}:${seq}, which never was`);
    const held = rowsOfCopy(world, id);
    if (held !== truth) throw new Broken(`at ${epoch}:${seq} ${object} held\n${truth}\nand its copy\n${held}`);
    const before = seen.get(`${object} ${epoch}`) ?? 0;
    if (seq < before) throw new Broken(`${object} was served at ${before} and then at ${seq}`);
    seen.set(`${object} ${epoch}`, seq);
    const last = seen.get(`copy of ${object}`);
    if (last !== undefined && last !== id) count("switch");
    seen.set(`copy of ${object}`, id);
  }
}

function visible(world: World, object: ObjectName): string {
  const copy = world.d1.sqlite.prepare("SELECT id FROM rm_copies WHERE object = ? AND status = 'serving'").get(object);
  return rowsOfCopy(world, Number(copy?.id ?? 0));
}

function rowsOfCopy({ d1 }: World, copy: number): string {
  const read = (table: string, columns: string) =>
    d1.sqlite.prepare(`SELECT ${columns} FROM ${table} WHERE _copy = ? ORDER BY id`).all(copy);
  return JSON.stringify([read("rm_cards", "id, text, size"), read("rm_marks", "id, card_id")]);
}

/** Lets all that can go on without the scheduler go on. */
async function settleMicrotasks(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** mulberry32 */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
