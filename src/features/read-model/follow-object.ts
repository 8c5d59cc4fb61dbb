/**
 * A consumer: brings the copies of one object on, page by page, until they are current or its time is up. Holds no state between calls
 * and may run anywhere, any number of times at once: each step is one batch of D1 that fails when the copy has moved meanwhile. What
 * to ask and what an answer means is `src/core/read-model/copy.ts`.
 */

import type { ObjectName } from "../../core/ids.ts";
import { type Copy, copiesAfter, isCurrentAfter, nextAsks, nextStep } from "../../core/read-model/copy.ts";
import type { ProjectedTable } from "../../core/read-model/projected-table.ts";
import type { PullReply, PullRequest } from "../../core/read-model/pull.ts";
import { dropStatements, type Statement, statementsOf } from "../../core/read-model/statements.ts";
import type { LedgeEnv } from "../../edge/env.ts";
import { type Database, runBatch } from "./database.ts";
import { type GroupProjection, groupOf, type Projection } from "./projection.ts";
import { readCopies } from "./read-copies.ts";

/** Rows of each table removed at once of a copy that is no longer read. */
const DROP_ROWS = 1000;
/** Batches that fail in a row before it is not another consumer's doing. */
const MAX_FAILURES = 5;

export interface Consumer {
  readonly env: LedgeEnv;
  readonly database: Database;
  readonly projection: Projection;
  readonly clock: () => number;
}

/** "more": time was up first. Throws what D1 or the object threw where trying again at once does not help. */
export async function followObject(
  consumer: Consumer,
  object: ObjectName,
  { untilMs }: { readonly untilMs: number },
): Promise<"current" | "more"> {
  const group = groupOf(consumer.projection, object);
  if (group === null) return "current";
  let copies: readonly Copy[] | null = null;
  for (let failures = 0; ; ) {
    copies ??= await readCopies(consumer.database, object);
    const round: Round = await runRound(consumer, object, copies, group);
    if (round.kind === "current")
      return dropOld(consumer, round.copies ?? (await readCopies(consumer.database, object)), group.projected, untilMs);
    if (round.kind === "failed" && ++failures >= MAX_FAILURES) throw round.error;
    if (round.kind === "moved") failures = 0;
    copies = round.kind === "moved" ? round.copies : null;
    if (consumer.clock() >= untilMs) return "more";
  }
}

/** `copies` as they are afterwards, where that is known. */
type Round =
  | { readonly kind: "moved" | "current"; readonly copies: readonly Copy[] | null }
  /** Another consumer was faster, or D1 failed. */
  | { readonly kind: "failed"; readonly error: unknown };

/** Every copy that is followed takes one page; one that takes another's place ends its work too. */
async function runRound(
  { env, database }: Consumer,
  object: ObjectName,
  copies: readonly Copy[],
  group: GroupProjection,
): Promise<Round> {
  let isCurrent = true;
  let after: readonly Copy[] | null = copies;
  for (const ask of nextAsks(copies, group)) {
    const step = nextStep(object, copies, ask, await pullObject(env, object, ask.request), group);
    if (step === null) throw new Error(`${object} is not ready to be copied`);
    const failed = await attempt(database, statementsOf(step, group.projected));
    if (failed !== null) return { kind: "failed", error: failed.error };
    if (step.kind === "advance" && step.switches) return { kind: "current", copies: null };
    after = after && copiesAfter(after, step);
    isCurrent &&= isCurrentAfter(step);
  }
  return { kind: isCurrent ? "current" : "moved", copies: after };
}

/** Removes rows that nobody reads, as long as there is time. Another consumer may be at it too. */
export async function dropOld(
  { database, clock }: Consumer,
  copies: readonly Copy[],
  projected: readonly ProjectedTable[],
  untilMs: number,
): Promise<"current" | "more"> {
  for (const copy of copies.filter(({ status }) => status === "dropping")) {
    for (;;) {
      if (clock() >= untilMs) return "more";
      const failed = await attempt(database, dropStatements(copy, projected, DROP_ROWS));
      // Its last row is gone, and with it the guard's.
      if (failed !== null) break;
    }
  }
  return "current";
}

async function attempt(
  database: Database,
  statements: readonly Statement[],
): Promise<{ readonly error: unknown } | null> {
  if (statements.length === 0) return null;
  try {
    await runBatch(database, statements);
    return null;
  } catch (error) {
    return { error };
  }
}

export async function pullObject(env: LedgeEnv, object: ObjectName, request: PullRequest): Promise<PullReply> {
  return JSON.parse(await env.LEDGE_TABLES.getByName(object).pull(JSON.stringify(request))) as PullReply;
}
