/** Paths of the product itself ([HT3]): health, the tables as data, held transactions, and what each problem means. */

import { Fault } from "../core/fault.ts";
import { problemCode } from "../core/protocol/problem.ts";
import { PROBLEMS } from "../core/protocol/problem-table.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Exchange } from "./exchange.ts";
import { health, readiness } from "./health.ts";
import { endHeld, listHeld } from "./held-transactions.ts";
import { requireOperator } from "./may-inspect.ts";
import { jsonReply, type Reply } from "./reply.ts";
import type { Params, Route } from "./router.ts";

export function systemRoutes(): Route<Endpoint>[] {
  return [
    get("/healthz", { kind: "open", run: health }),
    get("/readyz", { kind: "open", run: readiness }),
    get("/_/schema", { kind: "known", run: describeTables }),
    get("/_/transactions", { kind: "known", run: listHeld }),
    { pattern: "/_/transactions/:txid", closed: true, methods: () => ({ DELETE: { kind: "known", run: endHeld } }) },
    get("/_/problems/:slug", { kind: "open", run: (_, params) => explainProblem(params) }),
  ];
}

function get(pattern: string, endpoint: Endpoint): Route<Endpoint> {
  return { pattern, closed: true, methods: () => ({ GET: endpoint }) };
}

function describeTables(exchange: Exchange): Reply {
  requireOperator(exchange);
  const { edge } = exchange;
  const tables = [...edge.tables.values()].map(({ path, resource: { spec } }) => ({
    path,
    name: spec.name,
    primaryKey: spec.primaryKey,
    idKind: spec.idKind,
    partitionBy: spec.partitionBy,
    group: spec.group,
    columns: spec.columns,
    computed: spec.computed,
    capabilities: spec.capabilities,
  }));
  return jsonReply({ tables });
}

function explainProblem({ slug = "" }: Params): Reply {
  if (!isSlug(slug)) throw new Fault({ slug: "not-found" });
  const { status, title, help } = PROBLEMS[slug];
  const text = `${title}\n\nStatus ${status}, code ${problemCode(slug)}\n\n${help}\n`;
  return {
    status: 200,
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "public, max-age=3600" },
    body: text,
  };
}

function isSlug(text: string): text is keyof typeof PROBLEMS {
  return Object.hasOwn(PROBLEMS, text);
}
