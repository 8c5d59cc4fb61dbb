/**
 * The hints of objects by a queue, `LEDGE_READ_MODEL_QUEUE`: a message says that an object has news, whoever gets it brings the copy on and
 * tells the object that it took everything. Messages may be lost, doubled, late or in any order: what is new, the object is asked. Without
 * the binding the object's alarm brings its copy on by itself.
 */

import type { ObjectName } from "../../core/ids.ts";
import { errorFields, type Logger } from "../../core/log.ts";
import { projectionForm } from "../../core/read-model/projected-table.ts";
import type { NewsTaken } from "../../core/read-model/pull.ts";
import type { LedgeEnv } from "../../edge/env.ts";
import { databaseIn } from "./database.ts";
import { type Consumer, followObject } from "./follow-object.ts";
import type { Projection } from "./projection.ts";
import { readCopies } from "./read-copies.ts";

const MESSAGE = "ledgeReadModel";
interface NewsMessage {
  readonly [MESSAGE]: ObjectName;
}

/** How long one message brings a copy on; then another message goes on with it, so that a long copy does not hold up the others of its batch. */
const STRETCH_MS = 10_000;
/** A message that failed comes again after 2 s, 4 s …, as often as the queue says (`max_retries`). The object tells again after that. */
const LONGEST_RETRY_S = 60;

export function queueIn(env: unknown): Queue<NewsMessage> | null {
  return (env as { readonly LEDGE_READ_MODEL_QUEUE?: Queue<NewsMessage> }).LEDGE_READ_MODEL_QUEUE ?? null;
}

export async function sendNews(queue: Queue<NewsMessage>, object: ObjectName): Promise<void> {
  await queue.send({ [MESSAGE]: object });
}

/** Takes the messages that are its own: of one object all at once, of several side by side. None fails for another's sake. */
export async function takeNews(
  projection: Projection,
  { messages }: MessageBatch,
  { env, log }: { readonly env: LedgeEnv; readonly log: Logger },
): Promise<void> {
  const told = Map.groupBy(messages, ({ body }) => objectOf(projection, body));
  await Promise.all(
    [...told].map(async ([object, same]) => {
      if (object === null) return;
      try {
        await takeOne(projection, env, object);
        for (const message of same) message.ack();
      } catch (error) {
        log.error("a copy could not be brought on", { object, ...errorFields(error) });
        for (const message of same) message.retry({ delaySeconds: Math.min(2 ** message.attempts, LONGEST_RETRY_S) });
      }
    }),
  );
}

async function takeOne(projection: Projection, env: LedgeEnv, object: ObjectName): Promise<void> {
  const database = databaseIn(env);
  if (database === null) throw new Error("no D1 database is bound as LEDGE_D1");
  const consumer: Consumer = { env, database, projection, clock: Date.now };
  const outcome = await followObject(consumer, object, { untilMs: Date.now() + STRETCH_MS });
  if (outcome === "current") return sayTaken(consumer, object);
  const queue = queueIn(env);
  // Without it the object, which has not heard that all was taken, tells again.
  if (queue !== null) await sendNews(queue, object);
}

/** Spares the object to tell again. When it is lost, the object does. */
async function sayTaken({ env, database, projection }: Consumer, object: ObjectName): Promise<void> {
  const serving = (await readCopies(database, object)).find(({ status }) => status === "serving");
  if (serving === undefined) return;
  const form = projectionForm([...projection.tables.values()]);
  const taken: NewsTaken = { epoch: serving.epoch, seq: serving.seq, form };
  await env.LEDGE_TABLES.getByName(object)
    .newsTaken(JSON.stringify(taken))
    .catch(() => undefined);
}

/** Null: a message of somebody else. */
function objectOf({ app }: Projection, body: unknown): ObjectName | null {
  const named = typeof body === "object" && body !== null ? (body as Partial<NewsMessage>)[MESSAGE] : undefined;
  return typeof named === "string" && named.startsWith(`t/${app}/`) ? named : null;
}
