/**
 * How old a view over partitions is ([RM3]). No copy can tell, since an object may have no copy yet; so all objects that the register knows are
 * asked in turn, and what is found of them holds for the moment before the register was first asked: an object is in it before its first
 * commit. One line of `rm_copies` a group keeps how far that has got; one walker at a time, everywhere, and some 20 objects a second.
 */

import { type ObjectName, objectName } from "../../core/ids.ts";
import { REGISTRY_GROUP } from "../../core/protocol/live-opening.ts";
import { guard } from "../../core/read-model/statements.ts";
import { runBatch } from "./database.ts";
import { type Consumer, followObject, pullObject } from "./follow-object.ts";
import { type GroupProjection, groupOf } from "./projection.ts";
import { readCopies } from "./read-copies.ts";

/** Asked in one go, so many side by side. */
const STRETCH_OBJECTS = 200;
const SIDE_BY_SIDE = 16;
/** What one object costs the readers of its group in time: of 400, each is asked every 20 s while they are read. */
const MS_PER_OBJECT = 50;
const REST_MS = 5000;
/** How long one object may bring its copy on before the walk goes on without it. */
const FOLLOW_MS = 1000;
/** After this a walker that is not heard of any more is taken for dead. */
const CLAIM_MS = 30_000;

/** How far the objects of a group have been asked, as a line of `rm_copies` with the status `walked` keeps it. */
interface Walk {
  readonly id: number;
  readonly status: "walked";
  readonly step: number;
  readonly form: string;
  /** The last object that was asked (`place`); null: the walk is over. */
  readonly after: string | null;
  /** ms: nothing up to then is missing in those that were asked (`seq`). */
  readonly lowestMs: number;
  /** ms: not gone on with before (`head`). */
  readonly dueMs: number;
}

/** Goes on with the walk where it is due. Whoever is overtaken leaves it. */
export async function walkObjects(consumer: Consumer, group: string): Promise<void> {
  const { database, projection, clock } = consumer;
  const walk = await openWalk(consumer, group);
  const wanted = groupOf(projection, objectName(projection.app, group, null));
  // Before the register is asked: what is not in it then commits later.
  const beganMs = clock();
  if (walk === null || wanted === null || walk.dueMs > beganMs) return;
  const claim = {
    sql: "UPDATE rm_copies SET head = ?, step = step + 1 WHERE id = ?",
    params: [beganMs + CLAIM_MS, walk.id],
  };
  await runBatch(database, [guard(walk), claim]);
  const goesOn = walk.after !== null && walk.form === wanted.form;
  const after = goesOn ? (walk.after ?? "") : "";
  const left = (await namesOf(consumer, group)).filter((name) => name > after);
  const now = left.slice(0, STRETCH_OBJECTS);
  let lowestMs = goesOn ? walk.lowestMs : beganMs;
  for (let at = 0; at < now.length; at += SIDE_BY_SIDE) {
    const times = await Promise.all(
      now.slice(at, at + SIDE_BY_SIDE).map((object) => wholeUntil(consumer, object, wanted)),
    );
    lowestMs = Math.min(lowestMs, ...times);
  }
  const isOver = now.length === left.length;
  await runBatch(database, [
    guard({ ...walk, step: walk.step + 1 }),
    {
      // Of a walk that is not over, and of another list of columns, the age before it still holds, or nothing does.
      sql: "UPDATE rm_copies SET as_of = CASE WHEN ?1 THEN max(?2, iif(form = ?3, as_of, 0)) ELSE iif(form = ?3, as_of, 0) END, form = ?3, seq = ?2, place = ?4, head = ?5, step = step + 1 WHERE id = ?6",
      params: [
        isOver ? 1 : 0,
        lowestMs,
        wanted.form,
        isOver ? null : (now.at(-1) ?? null),
        beganMs + Math.max(REST_MS, now.length * MS_PER_OBJECT),
        walk.id,
      ],
    },
  ]);
}

/** The moment (ms) up to which the copy that serves lacks nothing; an object without news costs D1 no row. 0: it has no such copy. */
async function wholeUntil(consumer: Consumer, object: ObjectName, wanted: GroupProjection): Promise<number> {
  const { database, env, clock } = consumer;
  const serving = async () =>
    (await readCopies(database, object)).find(({ status, form }) => status === "serving" && form === wanted.form);
  try {
    const copy = await serving();
    const request = { v: 1, limits: wanted.limits, tables: wanted.columns, from: null } as const;
    const reply = copy === undefined ? null : await pullObject(env, object, request);
    if (copy !== undefined && reply?.kind === "facts") {
      const { epoch, migration, head, atMs } = reply.facts;
      if (copy.epoch === epoch && copy.migration === migration && copy.seq >= head) return atMs;
    }
    await followObject(consumer, object, { untilMs: clock() + FOLLOW_MS });
  } catch {
    // It does not answer, or another consumer is at it: what its copy says of itself holds.
  }
  const { results } = await database
    .prepare("SELECT as_of FROM rm_copies WHERE object = ? AND status = 'serving' AND form = ?")
    .bind(object, wanted.form)
    .all<{ as_of: number }>();
  return results[0]?.as_of ?? 0;
}

async function namesOf({ env, projection }: Consumer, group: string): Promise<readonly ObjectName[]> {
  const registry = env.LEDGE_TABLES.getByName(objectName(projection.app, REGISTRY_GROUP, null));
  const names = (await registry.objects()).map(({ object }) => object);
  return names.filter((name) => name.split("/")[2] === group).sort();
}

async function openWalk({ database, projection }: Consumer, group: string): Promise<Walk | null> {
  const read = async () => {
    const { results } = await database
      .prepare("SELECT id, step, form, place, seq, head FROM rm_copies WHERE grp = ? AND status = 'walked'")
      .bind(group)
      .all<Record<string, string | number | null>>();
    return results[0];
  };
  const insert = {
    sql: `INSERT INTO rm_copies (object, grp, part, status, is_hidden, epoch, migration, form, seq, head, size_bytes, place, as_of, step)
 SELECT ?1, ?2, NULL, 'walked', 0, '', NULL, '', 0, 0, 0, NULL, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM rm_copies WHERE grp = ?2 AND status = 'walked')`,
    params: [objectName(projection.app, REGISTRY_GROUP, null), group],
  };
  let record = await read();
  if (record === undefined) {
    await runBatch(database, [insert]);
    record = await read();
  }
  if (record === undefined) return null;
  const { id, step, form, place, seq, head } = record;
  return {
    id: Number(id),
    status: "walked",
    step: Number(step),
    form: String(form),
    after: place === null ? null : String(place),
    lowestMs: Number(seq),
    dueMs: Number(head),
  };
}
