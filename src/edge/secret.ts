/**
 * `LEDGE_SECRET` and its refusal: outside development the edge serves no data without a strong one, and says in its log
 * and in `/readyz` which command sets it. Fails closed: a deployment that forgot it answers 503, never unsigned.
 */

import { isDevelopment, type LedgeEnv } from "./env.ts";
import { MIN_SECRET_LENGTH } from "./limits.ts";

export const SECRET_COMMAND = "npx wrangler secret put LEDGE_SECRET";

/** Why no data can be served, as a sentence for operators; null when the secret will do. */
export function secretProblem(env: LedgeEnv): string | null {
  const secret = env.LEDGE_SECRET;
  if (secret === undefined || secret === "") {
    return isDevelopment(env) ? null : `LEDGE_SECRET is not set. Set it: ${SECRET_COMMAND}`;
  }
  if (secret.length < MIN_SECRET_LENGTH) {
    return `LEDGE_SECRET has ${secret.length} characters, at least ${MIN_SECRET_LENGTH} are needed. Set a new one: ${SECRET_COMMAND}`;
  }
  return null;
}
