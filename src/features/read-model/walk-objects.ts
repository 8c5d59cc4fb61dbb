/**
 * How old a view over partitions is ([RM3]). No copy can tell, since an object may have no copy yet; so all objects that the register knows are
 * asked in turn, and what is found of them holds for the moment before the register was first asked: an object is in it before its first
 * commit. One line of `rm_copies` a group keeps how far that has got; one walker at a time, everywhere, one stretch for each reader.
 */

import { type ObjectName, objectName } from "../../core/ids.ts";
import { registryName } from "../../core/protocol/registry-name.ts";
import { guard } from "../../core/read-model/statements.ts";
import { runBatch } from "./database.ts";
import { type Consumer, followObject, pullObject } from "./follow-object.ts";
import { type GroupProjection, groupOf } from "./projection.ts";
import { registeredNames } from "./registered-names.ts";

/** Asked in one go, so many side by side. */
const STRETCH_OBJECTS = 400;
const SIDE_BY_SIDE = 50;
/** Copies that one stretch brings on: each takes some requests, and an invocation has a number of them (1,000 at least, read 2026-11). */
const MAX_FOLLOWED = 100;
/** A walk that is over begins again after this: of 400 objects, each is asked every 20 s while they are read. */
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
  /** The last object that was asked (`place`); "": the walk is over. */
  readonly after: string;
  /** ms: nothing up to then is missing in those that were asked (`seq`). */
  readonly lowestMs: number;
  /** ms: not gone on with before (`head`). */
  readonly dueMs: number;
}

/** Goes on with the walk where it is due. Whoever is overtaken leaves it. */
export async function walkObjects(consumer: Consumer, group: string, stretchObjects = STRETCH_OBJECTS): Promise<void> {
  const { database, projection, clock } = consumer;
  const walk = await openWalk(consumer, group);
  const root = objectName(projection.app, group, null);
  const wanted = groupOf(projection, root);
  // Before the register is asked: what is not in it then commits later.
  const beganMs = clock();
  if (wanted === null || walk.dueMs > beganMs) return;
  const claim = {
    sql: "UPDATE rm_copies SET head = ?, step = step + 1 WHERE id = ?",
    params: [beganMs + CLAIM_MS, walk.id],
  };
  await runBatch(database, [guard(walk), claim]);
  const after = walk.form === wanted.form ? walk.after : "";
  const now = await registeredNames(consumer, root, after, stretchObjects);
  let lowestMs = after ? walk.lowestMs : beganMs;
  let asked = 0;
  for (let followed = 0; asked < now.length && followed < MAX_FOLLOWED; asked += SIDE_BY_SIDE) {
    const found = await askObjects(consumer, now.slice(asked, asked + SIDE_BY_SIDE), wanted);
    lowestMs = Math.min(lowestMs, ...found.times);
    followed += found.followed;
  }
  const isOver = now.length < stretchObjects && asked >= now.length;
  await runBatch(database, [
    guard({ ...walk, step: walk.step + 1 }),
    {
      // Of a walk that is not over, and of another list of columns, the age before it still holds, or nothing does.
      sql: "UPDATE rm_copies SET as_of = max(iif(?1, ?2, 0), iif(form = ?3, as_of, 0)), form = ?3, seq = ?2, place = ?4, head = ?5, step = step + 1 WHERE id = ?6",
      params: [
        isOver ? 1 : 0,
        lowestMs,
        wanted.form,
        isOver ? null : (now[Math.min(asked, now.length) - 1] ?? null),
        beganMs + (isOver ? REST_MS + now.length * MS_PER_OBJECT : 0),
        walk.id,
      ],
    },
  ]);
}

/**
 * The moments (ms) up to which the copies that serve lack nothing; 0: an object has no such copy. One without news costs a request and a row
 * read; the others have theirs brought on.
 */
async function askObjects(
  consumer: Consumer,
  objects: readonly ObjectName[],
  { form, limits, columns }: GroupProjection,
): Promise<{ readonly times: readonly number[]; readonly followed: number }> {
  const { database, env, clock } = consumer;
  const copies = await servingCopies(database, objects, form);
  const request = { v: 1, limits, tables: columns, from: null } as const;
  const isWholeAt = async (object: ObjectName): Promise<number | null> => {
    const copy = copies.get(object);
    const reply = copy && (await pullObject(env, object, request).catch(() => null));
    if (reply?.kind !== "facts") return null;
    const { epoch, migration, head, atMs } = reply.facts;
    return copy?.epoch === epoch && copy.migration === migration && Number(copy.seq) >= head ? atMs : null;
  };
  const times = await Promise.all(objects.map(isWholeAt));
  const behind = objects.filter((_, index) => times[index] === null);
  const untilMs = clock() + FOLLOW_MS;
  // One that does not answer, or that another consumer is at: what its copy says of itself holds.
  await Promise.allSettled(behind.map((object) => followObject(consumer, object, { untilMs })));
  const brought = behind.length === 0 ? copies : await servingCopies(database, behind, form);
  return {
    times: objects.map((object, index) => times[index] ?? Number(brought.get(object)?.as_of ?? 0)),
    followed: behind.length,
  };
}

/** Of a stretch of names, in their order. */
async function servingCopies(
  database: Consumer["database"],
  objects: readonly ObjectName[],
  form: string,
): Promise<ReadonlyMap<unknown, Readonly<Record<string, unknown>>>> {
  const { results } = await database
    .prepare(
      "SELECT object, epoch, migration, seq, as_of FROM rm_copies WHERE object BETWEEN ? AND ? AND status = 'serving' AND form = ?",
    )
    .bind(objects[0] ?? "", objects.at(-1) ?? "", form)
    .all<Record<string, unknown>>();
  return new Map(results.map((each) => [each.object, each]));
}

/** Begun where there is none yet. */
async function openWalk({ database, projection }: Consumer, group: string): Promise<Walk> {
  const [, [record = {}] = []] = await runBatch(database, [
    {
      sql: `INSERT INTO rm_copies (object, grp, part, status, is_hidden, epoch, migration, form, seq, head, size_bytes, place, as_of, step)
 SELECT ?1, ?2, NULL, 'walked', 0, '', NULL, '', 0, 0, 0, NULL, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM rm_copies WHERE grp = ?2 AND status = 'walked')`,
      params: [registryName(projection.app), group],
    },
    {
      sql: "SELECT id, step, form, place, seq, head FROM rm_copies WHERE grp = ? AND status = 'walked'",
      params: [group],
    },
  ]);
  const { id, step, form, place, seq, head } = record;
  return {
    id: Number(id),
    status: "walked",
    step: Number(step),
    form: String(form),
    after: String(place ?? ""),
    lowestMs: Number(seq),
    dueMs: Number(head),
  };
}
