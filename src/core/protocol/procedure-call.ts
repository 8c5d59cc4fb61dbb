/** The call of a feature's procedure: code of the application that runs in the transaction of an object, by its name. */

import type { Json } from "../json.ts";
import type { CallHeader } from "./object-call.ts";

export interface ProcedureCall extends CallHeader {
  readonly op: "procedure";
  readonly name: string;
  readonly input: Json;
  /** Procedures are made so that calling them twice does no harm; no reply is kept. */
  readonly idempotency: null;
  readonly attempt: null;
  readonly wantsChange: false;
}
