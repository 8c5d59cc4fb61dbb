/**
 * `mapRoute({…})`: an endpoint made of a transaction ([TX9] [TX10] [HT62] [HT63]): who may enter, the body checked before anything is
 * read, the operations, the shape of the reply. Masks have been applied to what is shaped.
 */

import { Fault } from "../../core/fault.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import { errorFields } from "../../core/log.ts";
import { hasRole, type Principal } from "../../core/scope/principal.ts";
import { ConfigError } from "../../define/config-error.ts";
import { sequentialReply } from "../endpoints/transaction.ts";
import type { Exchange } from "../exchange.ts";
import { readWriteKey } from "../idempotency.ts";
import { jsonReply, type Reply } from "../reply.ts";
import type { Params } from "../router.ts";
import { type Declared, declare } from "./declared.ts";
import type { RouteSpec, TransactionContext, TransactionTypes } from "./declared-types.ts";
import type { Target } from "./open-target.ts";
import { pure } from "./pure.ts";
import { type DeclaredOutcome, runDeclared } from "./run-declared.ts";
import { SequentialError } from "./sequential-error.ts";
import { originOf, serverContext } from "./server-context.ts";
import { codeKey } from "./write-key.ts";

export interface MappedRoute {
  readonly kind: "mapped-route";
  readonly method: string;
  /** Under the base path. */
  readonly path: string;
  readonly description: string | null;
  readonly run: (exchange: Exchange, params: Params) => Promise<Reply>;
}

const READS = ["read", "list"];

export function mapRoute<T extends TransactionTypes = TransactionTypes>(given: RouteSpec<T>): MappedRoute {
  const spec = given as unknown as RouteSpec;
  const { method, path, description = null } = spec;
  const refuse = (problem: string, mend: string) =>
    new ConfigError(null, undefined, `Endpoint ${method} ${path}: ${problem}`, mend);
  if (!/^(?:\/:?[A-Za-z0-9_.~-]+)+$/.test(path))
    throw refuse("the path is not valid", "Write it as /signup or /projects/:id/close.");
  const declared = declare(spec);
  if (method === "GET" && declared.skeleton.some(({ op }) => !READS.includes(op)))
    throw refuse("a GET may only read and list", "Use POST.");
  const { entity } = spec.response ?? {};
  if (entity !== undefined && !declared.names.includes(entity))
    throw refuse(`no operation is called "${entity}"`, `Results are: ${declared.names.join(", ")}.`);
  return {
    kind: "mapped-route",
    method,
    path,
    description,
    run: (exchange, params) => serveRoute(declared, spec, exchange, params),
  };
}

async function serveRoute(declared: Declared, spec: RouteSpec, exchange: Exchange, params: Params): Promise<Reply> {
  await admit(spec.auth, exchange.principal);
  const own = serverContext(originOf(exchange), params);
  const context = spec.scopes === "system" ? own.asSystem(`endpoint ${spec.method} ${spec.path}`) : own;
  try {
    // A GET is read anew each time: there is no effect for a key to keep.
    const keyOf = ({ request }: Target, body: Json) =>
      spec.method === "GET" ? codeKey(request, undefined, body) : readWriteKey(request, body);
    const mustCheck = spec.response?.transform !== undefined && isWriting(declared) && spec.atomic !== false;
    const outcome = await runDeclared(declared, context, {
      keyOf,
      ...(mustCheck ? { checkReply: (results, ctx) => void shapeResults(spec, results, ctx) } : {}),
    });
    return replyOf(declared, spec, outcome, exchange);
  } catch (error) {
    if (!(error instanceof SequentialError)) throw error;
    const { results, ...told } = error.outcome;
    return sequentialReply(exchange, isShaped(spec) ? told : { ...told, results });
  }
}

async function admit(auth: RouteSpec["auth"], principal: Principal): Promise<void> {
  if (auth === "public") return;
  const isAdmitted =
    auth !== undefined &&
    (auth === "user"
      ? principal.kind === "user"
      : typeof auth === "function"
        ? (await auth(principal)) === true
        : auth.some((role) => hasRole(principal, role)));
  if (isAdmitted) return;
  throw new Fault(
    auth !== undefined && principal.kind === "anonymous" ? { slug: "unauthorized" } : { slug: "forbidden" },
  );
}

function replyOf(
  declared: Declared,
  spec: RouteSpec,
  { results, ctx, answer }: DeclaredOutcome,
  { log }: Exchange,
): Reply {
  const { entity, status: given } = spec.response ?? {};
  const isCreate = entity !== undefined && declared.skeleton.find(({ as }) => as === entity)?.op === "create";
  const status = given ?? (isCreate ? 201 : 200);
  let value: unknown;
  try {
    value = shapeResults(spec, results, ctx);
  } catch (error) {
    if (!isWriting(declared)) throw error;
    // It is committed: step by step, or it is a repetition whose reply was too large to be kept.
    log.error("response.transform failed after the commit", errorFields(error));
    value = { ok: true };
  }
  const reply = jsonReply(isShaped(spec) ? (value ?? null) : { results }, status);
  const headers: Record<string, string> = { ...reply.headers };
  if (answer !== null) headers["ledge-seq"] = answer.position;
  if (answer?.isReplay === true) headers["idempotency-replayed"] = "true";
  return { ...reply, headers };
}

function shapeResults(
  { response = {} }: RouteSpec,
  results: Readonly<Record<string, unknown>>,
  ctx: TransactionContext,
): unknown {
  const { entity, pick, omit, transform } = response;
  const narrowed = narrow(entity === undefined ? results : (results[entity] ?? null), pick, omit);
  return transform === undefined ? narrowed : pure("response.transform", () => transform(narrowed, ctx));
}

function isWriting({ skeleton }: Declared): boolean {
  return skeleton.some(({ op }) => !READS.includes(op));
}

/** Whether the reply is anything but all results: what is left out of it stays out of a 207 too, which has none then ([TX10]). */
function isShaped({ response = {} }: RouteSpec): boolean {
  const { entity, pick, omit, transform } = response;
  return entity !== undefined || pick !== undefined || omit !== undefined || transform !== undefined;
}

/** Members of an object, or of each object of an array. */
function narrow(value: unknown, pick: readonly string[] | undefined, omit: readonly string[] | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => narrow(item, pick, omit));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).filter(
      ([name]) => (pick === undefined || pick.includes(name)) && omit?.includes(name) !== true,
    ),
  );
}
