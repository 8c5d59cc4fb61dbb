/** What the functions of a declared transaction see before its first operation: the request, its body once it was checked, services ([TX3]). */

import { uuidv7 } from "../../core/ids.ts";
import type { StandardSchema } from "../../define/config.ts";
import { ValidationError } from "../../define/http-error.ts";
import { readJsonBody } from "../read-body.ts";
import { requireValid } from "../require-valid.ts";
import type { TransactionContext, TransactionSpec } from "./declared-types.ts";
import { ORIGIN, type ServerContext } from "./server-context.ts";

export function firstContext(context: ServerContext, body: unknown): TransactionContext {
  const { exchange } = context[ORIGIN];
  const { params, user, request, now, env } = context;
  const made = new Map<string, unknown>();
  return {
    body,
    params,
    query: Object.fromEntries(exchange.url.searchParams),
    user,
    request,
    results: {},
    prepared: undefined,
    now,
    env,
    context: {
      resolve<S>(name: string): S {
        const services = exchange.edge.options.services ?? {};
        const make = Object.hasOwn(services, name) ? services[name] : undefined;
        if (make === undefined)
          throw new TypeError(`no service is called "${name}": declare it in defineApp({ services })`);
        if (!made.has(name)) made.set(name, make(env));
        return made.get(name) as S;
      },
    },
    newId: () => uuidv7(now, crypto.getRandomValues(new Uint8Array(10))),
  } as TransactionContext;
}

export async function requestBody({ request }: ServerContext): Promise<unknown> {
  if (request.method === "GET" || request.method === "HEAD" || request.body === null || request.bodyUsed) return {};
  return readJsonBody(request);
}

export async function validBody(
  validate: NonNullable<TransactionSpec["validate"]>,
  ctx: TransactionContext,
): Promise<unknown> {
  if (typeof validate === "function" && !("~standard" in validate)) {
    requireValid(await validate(ctx.body, ctx));
    return ctx.body;
  }
  const result = await (validate as StandardSchema)["~standard"].validate(ctx.body);
  if (result.issues === undefined) return result.value;
  const details = result.issues.map(({ message, path = [] }) => ({
    field: path.map((segment) => String(typeof segment === "object" ? segment.key : segment)).join("."),
    message,
    code: "schema",
  }));
  throw new ValidationError(details[0]?.message ?? "The request is not valid", { details });
}
