/**
 * For operators ([TX47]): `GET /_/transactions` lists what objects have promised and not been told the outcome of, with its age; `DELETE
 * /_/transactions/<txid>` ends one. Ending goes through its decision: what was committed stays committed, and is carried out.
 */

import { COMMIT_VERSION, type Txid } from "../core/commit/transaction-message.ts";
import { Fault } from "../core/fault.ts";
import { type ObjectName, objectName } from "../core/ids.ts";
import type { Exchange } from "./exchange.ts";
import { requireOperator } from "./may-inspect.ts";
import { jsonReply, type Reply } from "./reply.ts";
import type { Params } from "./router.ts";

interface Held {
  readonly object: ObjectName;
  readonly txid: Txid;
  readonly decider: ObjectName;
  readonly preparedAtMs: number;
}

interface Found {
  readonly held: readonly Held[];
  readonly asked: number;
  readonly objects: number;
  /** Those that did not answer: what they hold is not known. */
  readonly silent: readonly ObjectName[];
}

/** Each is woken by the question; beyond so many, the newest are asked, or the one that `?object=` names. */
const MAX_ASKED = 200;

export async function listHeld(exchange: Exchange): Promise<Reply> {
  requireOperator(exchange);
  const { held, asked, objects, silent } = await findHeld(exchange);
  const transactions = held.map(({ object, txid, decider, preparedAtMs }) => ({
    ...{ txid, object, decider, ageMs: Math.max(exchange.nowMs - preparedAtMs, 0) },
  }));
  transactions.sort((a, b) => b.ageMs - a.ageMs);
  return noStore(jsonReply({ transactions, objects, asked, silent }));
}

export async function endHeld(exchange: Exchange, { txid = "" }: Params): Promise<Reply> {
  requireOperator(exchange);
  const { env, log, principal } = exchange;
  const { held } = await findHeld(exchange);
  const parts = held.filter((each) => each.txid === txid);
  const [first] = parts;
  if (first === undefined) throw new Fault({ slug: "not-found" });
  const ask = async (object: ObjectName, message: object): Promise<unknown> =>
    JSON.parse(await env.LEDGE_TABLES.getByName(object).agree(JSON.stringify({ v: COMMIT_VERSION, ...message })));
  const end = { kind: "resolve", txid, deadlineMs: exchange.nowMs, urgency: "end", ask: 0 };
  const { outcome } = (await ask(first.decider, end)) as { readonly outcome: { readonly kind: string } };
  const by = principal.kind === "user" ? principal.id : null;
  log.info("a held transaction was ended by an operator", { txid, outcome: outcome.kind, by });
  // Each part asks for the outcome and carries it out; one that cannot now does so by its own timer.
  const told = await Promise.allSettled(parts.map(({ object }) => ask(object, { kind: "sync", txid })));
  const waiting = parts.flatMap(({ object }, index) => (told[index]?.status === "rejected" ? [object] : []));
  if (waiting.length > 0) log.error("parts of an ended transaction did not answer", { txid, objects: waiting });
  return noStore(jsonReply({ txid, outcome: outcome.kind, ...(waiting.length === 0 ? {} : { waiting }) }));
}

async function findHeld({ env, edge, url }: Exchange): Promise<Found> {
  const registry = env.LEDGE_TABLES.getByName(objectName(edge.definition.name, "_registry", null));
  const names = (await registry.objects()).map(({ object }) => object);
  const only = url.searchParams.get("object");
  const asked = only === null ? names.slice(-MAX_ASKED) : names.filter((name) => name === only);
  const found = await Promise.allSettled(
    asked.map(async (object) => {
      const text = await env.LEDGE_TABLES.getByName(object).agree(JSON.stringify({ kind: "held", v: COMMIT_VERSION }));
      return (JSON.parse(text) as Omit<Held, "object">[]).map((each) => ({ ...each, object }));
    }),
  );
  return {
    held: found.flatMap((each) => (each.status === "fulfilled" ? each.value : [])),
    asked: asked.length,
    objects: names.length,
    silent: asked.filter((_, index) => found[index]?.status === "rejected"),
  };
}

function noStore(reply: Reply): Reply {
  return { ...reply, headers: { ...reply.headers, "cache-control": "no-store" } };
}
