/**
 * The wire schema as one value, and its hash, which a test pins: whoever changes a frame sees the hash move, and decides whether
 * clients of the old form still understand it (members may be added) or `WIRE_VERSION` must rise.
 */

import { canonicalJson, type Json, shortHash } from "../json.ts";
import { CLIENT_FORMS } from "./client-frames.ts";
import { NESTED_FORMS, SERVER_FORMS } from "./server-frames.ts";

export const WIRE_VERSION = 1;
export const SUBPROTOCOL = "ledge.v1";

/** Close codes ([WS9]). After those of `FINAL_CODES` a client does not come back by itself. */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  tooLarge: 1009,
  restart: 1012,
  overloaded: 1013,
  notTheProtocol: 4400,
  unauthenticated: 4401,
  forbidden: 4403,
  version: 4406,
  noHello: 4408,
  tooManyFrames: 4429,
} as const;

export const FINAL_CODES: readonly number[] = [CLOSE.notTheProtocol, CLOSE.forbidden, CLOSE.version];

export function wireSchemaHash(): string {
  const schema = {
    version: WIRE_VERSION,
    client: CLIENT_FORMS,
    server: SERVER_FORMS,
    nested: NESTED_FORMS,
    close: CLOSE,
  };
  return shortHash(canonicalJson(schema as unknown as Json));
}
