/**
 * Concurrent writers: each sends one operation after the other and, when the connection is lost or the server says "not now",
 * repeats it under the same key until it has a reply (now and then it walks away instead, as clients do). They note what
 * was acknowledged and judge nothing but the reply itself; `check-campaign.ts` compares the notes with what is stored.
 */

import { ConnectionFailure, type HttpClient, type Reply } from "./http-client.ts";
import { nextOperation } from "./next-operation.ts";
import { misuseOf, type Operation, type OwnRow } from "./operations.ts";
import type { Random } from "./random.ts";
import { pause } from "./workerd-process.ts";

export interface Outcome {
  readonly operation: Operation;
  /** Null: walked away from without a reply; it may have taken place or not. */
  readonly reply: Reply | null;
  /** The key that the server made for a write without one, when its outcome was unknown. */
  readonly madeKey: string | null;
}

export interface Campaign {
  /** In the order in which each writer settled them. */
  readonly outcomes: Outcome[];
  /** Replies that should not have been, in words. */
  readonly surprises: string[];
  readonly counts: Counts;
}

export interface Counts {
  acknowledged: number;
  /** Requests whose connection broke before a reply. */
  lost: number;
  /** Requests sent again under their key. */
  repeats: number;
  /** Repeats answered from the stored reply: the process died between commit and reply. */
  replaysAfterLoss: number;
  /** Old, acknowledged requests sent once more to see that the reply is the same. */
  recalls: number;
  twins: number;
  misuses: number;
  refusals: number;
  abandoned: number;
  unkeyed: number;
  /** Writes without a key whose outcome the server did not know, sent again under the key it made. */
  madeKeys: number;
  batches: number;
  /** 503 by problem type. */
  notNow: Record<string, number>;
}

export function newCampaign(): Campaign {
  const counts = {
    acknowledged: 0,
    lost: 0,
    repeats: 0,
    replaysAfterLoss: 0,
    recalls: 0,
    twins: 0,
    misuses: 0,
    refusals: 0,
    abandoned: 0,
    unkeyed: 0,
    madeKeys: 0,
    batches: 0,
    notNow: {},
  };
  return { outcomes: [], surprises: [], counts };
}

/** A request that has no reply for so long has none at all. */
const SETTLE_TIMEOUT_MS = 60_000;

export interface WriterOptions {
  readonly http: HttpClient;
  readonly campaign: Campaign;
  readonly random: Random;
  readonly name: string;
  /** Until this is true. */
  readonly isOver: () => boolean;
}

/** One writer's life. The operation under way when it is over is still settled. */
export async function runWriter(options: WriterOptions): Promise<void> {
  const { random, campaign, name } = options;
  const rows: OwnRow[] = [];
  const recent: Outcome[] = [];
  for (let turn = 1; !options.isOver(); turn++) {
    if (recent.length > 0 && random.chance(0.06)) {
      await recall(options, random.pick(recent));
      continue;
    }
    const { operation, row } = nextOperation(`${name}.${turn}`, name, rows, random);
    const outcome = await settle(options, operation, { mayAbandon: true });
    const { reply } = outcome;
    campaign.outcomes.push(outcome);
    note(rows, row, outcome);
    if (reply !== null && operation.act !== "refuse" && operation.isKeyed) recent.push(outcome);
    if (recent.length > 40) recent.shift();
  }
}

/** Sends until there is a reply; null when the writer walked away. */
export async function settle(
  { http, campaign, random, name }: Omit<WriterOptions, "isOver">,
  operation: Operation,
  { mayAbandon }: { mayAbandon: boolean },
): Promise<Outcome> {
  const { counts } = campaign;
  const deadline = Date.now() + SETTLE_TIMEOUT_MS;
  const isTwin = operation.isKeyed && random.chance(0.04);
  if (!operation.isKeyed) counts.unkeyed += 1;
  if (operation.batch !== null) counts.batches += 1;
  let { call } = operation;
  let madeKey: string | null = null;
  if (isTwin) counts.twins += 1;
  let wasLost = false;
  for (let attempt = 1; Date.now() < deadline; attempt++) {
    if (attempt > 1) counts.repeats += 1;
    try {
      const reply = isTwin ? await sendTwice(http, campaign, operation) : await http.send(call);
      const verdict = judge(campaign, operation, reply);
      if (verdict === "again") {
        const made = operation.isKeyed ? null : madeKeyOf(reply);
        if (made !== null) {
          counts.madeKeys += 1;
          madeKey = made;
          call = { ...call, headers: { ...call.headers, "idempotency-key": made } };
        }
        await pause(random.between(5, 30));
        continue;
      }
      if (verdict === "settled") {
        if (operation.act === "refuse") counts.refusals += 1;
        else counts.acknowledged += 1;
        if (wasLost && reply.isReplay && !isTwin) counts.replaysAfterLoss += 1;
        return { operation, reply, madeKey };
      }
      return { operation, reply: null, madeKey };
    } catch (error) {
      if (!(error instanceof ConnectionFailure)) throw error;
      if (error.kind === "lost") {
        counts.lost += 1;
        wasLost = true;
        const isRepeatable = operation.isKeyed || madeKey !== null;
        if (!isRepeatable || (mayAbandon && random.chance(0.1))) {
          counts.abandoned += 1;
          return { operation, reply: null, madeKey };
        }
      }
      await pause(random.between(2, 20));
    }
  }
  throw new Error(
    `${name} has had no reply to ${operation.call.method} ${operation.call.path} for ${SETTLE_TIMEOUT_MS} ms`,
  );
}

/** Both at once under one key: one acts, the other gets the same reply. */
async function sendTwice(http: HttpClient, campaign: Campaign, operation: Operation): Promise<Reply> {
  const [one, two] = await Promise.allSettled([http.send(operation.call), http.send(operation.call)]);
  if (one.status === "fulfilled" && two.status === "fulfilled" && isSuccess(one.value) && isSuccess(two.value)) {
    compare(campaign, operation, one.value, two.value, "twin");
    if (!one.value.isReplay && !two.value.isReplay)
      campaign.surprises.push(`${operation.key}: both of two requests under one key acted`);
  }
  if (one.status === "fulfilled" && isSuccess(one.value)) return one.value;
  if (two.status === "fulfilled") return two.value;
  if (one.status === "fulfilled") return one.value;
  throw two.reason;
}

/** An acknowledged request once more, perhaps after a kill: the same reply, marked as a replay; then its key misused. */
async function recall({ http, campaign, random }: WriterOptions, { operation, reply }: Outcome): Promise<void> {
  if (reply === null) return;
  try {
    if (random.chance(0.2)) {
      const answer = await http.send(misuseOf(operation));
      if (answer.status < 500) campaign.counts.misuses += 1;
      if (answer.status !== 422 && answer.status < 500)
        campaign.surprises.push(`${operation.key}: misused, answered ${answer.status} ${answer.text}`);
      return;
    }
    const again = await http.send(operation.call);
    if (again.status >= 500) return;
    campaign.counts.recalls += 1;
    if (!again.isReplay)
      campaign.surprises.push(
        `${operation.key}: sent again, answered ${again.status} ${again.text} without Idempotency-Replayed`,
      );
    compare(campaign, operation, reply, again, "recall");
  } catch (error) {
    if (!(error instanceof ConnectionFailure)) throw error;
    await pause(random.between(2, 20));
  }
}

function compare(campaign: Campaign, { key }: Operation, one: Reply, two: Reply, what: string): void {
  for (const part of ["status", "text", "position", "etag"] as const) {
    if (one[part] !== two[part])
      campaign.surprises.push(`${key}: ${what} has another ${part}: ${one[part]} ≠ ${two[part]}`);
  }
}

function judge(campaign: Campaign, operation: Operation, reply: Reply): "settled" | "again" | "surprise" {
  if (reply.status === 503 || (reply.status === 409 && reply.text.includes("idempotency-in-progress"))) {
    const slug = /problems\/([a-z-]+)/.exec(reply.text)?.[1] ?? reply.text;
    campaign.counts.notNow[slug] = (campaign.counts.notNow[slug] ?? 0) + 1;
    return "again";
  }
  const isCounted = operation.batch !== null && operation.act === "delete";
  const expected = {
    create: 201,
    patch: 200,
    replace: 200,
    upsert: 200,
    restore: 200,
    delete: isCounted ? 200 : 204,
    remove: 204,
    refuse: 409,
  }[operation.act];
  if (reply.status === expected) return "settled";
  campaign.surprises.push(
    `${operation.key}: ${operation.call.method} ${operation.call.path} answered ${reply.status} ${reply.text}`,
  );
  return "surprise";
}

/** `outcome-unknown` names the key to ask again with. */
function madeKeyOf({ text }: Reply): string | null {
  return (JSON.parse(text) as { idempotencyKey?: string }).idempotencyKey ?? null;
}

function isSuccess(reply: Reply): boolean {
  return reply.status < 300;
}

/** Keeps the writer's own view of its rows. What an abandoned removal or restoration was about is left alone from then on. */
function note(rows: OwnRow[], row: OwnRow | null, { operation, reply }: Outcome): void {
  if (operation.batch !== null) {
    noteBatch(rows, operation, reply);
    return;
  }
  if (row === null) {
    if (operation.act !== "create" || operation.table === "tallies" || reply === null) return;
    const { table, partition, origin, parent } = operation;
    const id = (JSON.parse(reply.text) as { id: string | number }).id;
    rows.push({ table, partition, origin, parent, id, etag: reply.etag, isGone: false });
    return;
  }
  const isSoft = row.table === "papers" && (operation.act === "delete" || operation.act === "restore");
  if (isSoft && reply !== null) row.isGone = operation.act === "delete";
  if ((isSoft && reply !== null) || operation.act === "patch" || operation.act === "replace") {
    row.etag = reply?.etag ?? null;
    return;
  }
  const gone = rows.filter((each) => each === row || (row.table === "orders" && each.parent === row.origin));
  for (const each of gone) rows.splice(rows.indexOf(each), 1);
}

function noteBatch(rows: OwnRow[], { act, table, batch, partition }: Operation, reply: Reply | null): void {
  if (table === "tallies") return;
  if (act === "create") {
    if (reply === null) return;
    const { items } = JSON.parse(reply.text) as { items: { id: string | number }[] };
    batch?.forEach(({ origin, parent }, index) => {
      rows.push({ table, partition, origin, parent, id: items[index]?.id ?? "", etag: null, isGone: false });
    });
    return;
  }
  for (const { origin, parent, id } of batch ?? []) {
    const at = rows.findIndex((each) => each.table === table && each.origin === origin);
    const row = rows[at];
    if (row === undefined) {
      if (act === "upsert" && reply !== null)
        rows.push({ table, partition, origin, parent, id: id ?? "", etag: null, isGone: false });
      continue;
    }
    if (act === "delete") rows.splice(at, 1);
    else row.etag = null;
  }
}
