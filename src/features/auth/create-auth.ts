/**
 * Sign-in for an application that has its own router ([A25]): one call gives a fetch handler for everything under `/api/auth`, and a
 * function that lets signed-in callers through. `useAuth` is the same under another name. An application of Ledge uses `auth()`.
 */

import { Fault } from "../../core/fault.ts";
import { createLogger, parseLogLevel } from "../../core/log.ts";
import type { User } from "../../core/scope/principal.ts";
import { consoleSink } from "../../edge/console-sink.ts";
import { type App, defineApp, errorHandler } from "../../edge/define-app.ts";
import type { LedgeEnv } from "../../edge/env.ts";
import { auth } from "./auth.ts";
import { type AuthOptions, settingsOf } from "./auth-options.ts";
import { identify } from "./identify.ts";

export interface CreateAuthOptions extends Omit<AuthOptions, "signUp" | "throttle"> {
  readonly login?: AuthOptions["throttle"];
  readonly signup?: AuthOptions["signUp"];
  /** Default: `/api`; the routes are under it at `/auth`. */
  readonly basePath?: string;
}

export interface CreatedAuth {
  /** Answers what is under the path of sign-in. */
  readonly router: App["fetch"];
  /** The caller, by cookie, access token or API key; otherwise the problem to answer with. */
  readonly middleware: (request: Request, env: LedgeEnv) => Promise<User | Response>;
}

export function createAuth({ login, signup, basePath = "/api", ...rest }: CreateAuthOptions = {}): CreatedAuth {
  const options: AuthOptions = {
    ...rest,
    ...(login === undefined ? {} : { throttle: login }),
    ...(signup === undefined ? {} : { signUp: signup }),
  };
  const settings = settingsOf(options);
  const app = defineApp({ basePath, features: [auth(options)] });
  return {
    router: app.fetch,
    async middleware(request, env) {
      const { method, headers } = request;
      const log = createLogger({ level: parseLogLevel(env.LEDGE_LOG_LEVEL), sink: consoleSink, now: Date.now });
      try {
        const sent = { method, headers, url: new URL(request.url), env, nowMs: Date.now(), log };
        const identity = await identify(sent, settings);
        if (identity === null) throw new Fault({ slug: "unauthorized" });
        return identity.user;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        return errorHandler(error, request);
      }
    },
  };
}

export { createAuth as useAuth };
