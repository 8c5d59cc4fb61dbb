/**
 * `LEDGE_SECRET` and its refusal: outside development the edge serves no data without a strong one, and says in its log
 * which command sets it. Fails closed: a deployment that forgot it answers 503, never unsigned.
 */

import type { AuthOptions } from "./authenticate.ts";
import { isDevelopment, type LedgeEnv } from "./env.ts";
import { MIN_SECRET_LENGTH } from "./limits.ts";

const SECRET = "LEDGE_SECRET";

/**
 * Why no data can be served, as a sentence for operators; null when the secrets will do. `names` are the variables that
 * hold them: `LEDGE_SECRET`, and the one that tokens are verified with where that is another.
 */
export function secretProblem(env: LedgeEnv, names: readonly string[] = [SECRET]): string | null {
  for (const name of names) {
    const secret = (env as unknown as Readonly<Record<string, unknown>>)[name];
    const mend = `npx wrangler secret put ${name}`;
    if (typeof secret !== "string" || secret === "") {
      if (isDevelopment(env)) continue;
      return `${name} is not set. Set it: ${mend}`;
    }
    if (secret.length < MIN_SECRET_LENGTH) {
      return `${name} has ${secret.length} characters, at least ${MIN_SECRET_LENGTH} are needed. Set a new one: ${mend}`;
    }
  }
  return null;
}

/** The variables that must hold a secret under these options. */
export function secretNames({ jwt = {} }: AuthOptions = {}): readonly string[] {
  const { secret = SECRET, jwksUrl } = jwt;
  return jwksUrl !== undefined || secret === SECRET ? [SECRET] : [SECRET, secret];
}
