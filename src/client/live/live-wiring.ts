/**
 * What every part of the live client is given: how to ask the server, where it is, and what time and chance are. Types only.
 */

import type { Send } from "../send.ts";
import type { LivePlatform } from "./live-platform.ts";

export interface LiveWiring {
  /** The client's pipeline: tokens, renewal, cookies, repetition. */
  readonly send: Send;
  /** Of the API, without a slash at the end: `https://example.com/api`. */
  readonly baseUrl: string;
  readonly credentials: string | undefined;
  readonly platform: LivePlatform;
  readonly timings: LiveTimings;
}

/** In ms ([WS16] [CI3]). */
export interface LiveTimings {
  readonly pingMs: number;
  readonly pongMs: number;
  readonly answerMs: number;
  /** How long before its end a session is renewed. */
  readonly renewMs: number;
}

export const LIVE_TIMINGS: LiveTimings = { pingMs: 25_000, pongMs: 10_000, answerMs: 30_000, renewMs: 60_000 };
