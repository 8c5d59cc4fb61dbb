/** What a route leads to. An endpoint answers as data; only application code may answer with a `Response` of its own. */

import type { CredentialUse } from "./app-options.ts";
import type { Arrival, Exchange } from "./exchange.ts";
import type { Reply } from "./reply.ts";
import type { Params } from "./router.ts";

export type Answer = Reply | Response;

export type Endpoint =
  /** Answers anyone, without looking at credentials: health, problem texts. */
  | { readonly kind: "open"; readonly run: (arrival: Arrival, params: Params) => Answer | Promise<Answer> }
  /** Knows who asks; bad credentials are refused before it runs. */
  | {
      readonly kind: "known";
      /** Default: `checked`. */
      readonly credentials?: CredentialUse;
      readonly run: (exchange: Exchange, params: Params) => Answer | Promise<Answer>;
    };
