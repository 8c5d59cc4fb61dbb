/**
 * The door of a socket: lets a frame in that is not one too many ([WS15]), not too large ([WS9]), of the protocol, and after a hello
 * ([WS2]). What may not come in is answered, or ends the socket. No clock; used by `LiveServer`.
 */

import { problemReply } from "../protocol/problem.ts";
import { type ClientFrame, readClientFrame } from "./client-frames.ts";
import { frameFault } from "./frame-fault.ts";
import { errorText, welcomeText } from "./frame-text.ts";
import { LIVE_LIMITS } from "./live-limits.ts";
import type { LiveSession } from "./live-session.ts";
import { CLOSE, WIRE_VERSION } from "./wire-schema.ts";

/** How many frames a socket may send now; a bucket that fills with time. */
export interface FrameTokens {
  left: number;
  atMs: number;
}

export const newFrameTokens = (nowMs: number): FrameTokens => ({ left: LIVE_LIMITS.framesBurst, atMs: nowMs });

/** The frame, to be served; null: nothing is left to do. */
export function admitFrame(session: LiveSession, tokens: FrameTokens, text: string, nowMs: number): ClientFrame | null {
  if (!takeToken(tokens, nowMs)) {
    session.line.end(CLOSE.tooManyFrames, "too many frames");
    return null;
  }
  if (text.length > LIVE_LIMITS.clientFrameBytes) {
    session.line.end(CLOSE.tooLarge, "frame too large");
    return null;
  }
  const isNew = session.state.phase === "new";
  const read = readClientFrame(text);
  if (!read.ok) {
    if (read.kind === "not-json" || isNew) session.line.end(CLOSE.notTheProtocol, frameFault(read).slice(0, 100));
    else
      session.line.problem({ slug: "validation-error", errors: [{ field: "", message: frameFault(read) }] }, read.id);
    return null;
  }
  if (!isNew) return read.frame;
  greet(session, read.frame);
  return null;
}

function takeToken(tokens: FrameTokens, nowMs: number): boolean {
  const { framesBurst, framesPerSecond } = LIVE_LIMITS;
  const gained = ((nowMs - tokens.atMs) / 1000) * framesPerSecond;
  tokens.left = Math.min(framesBurst, tokens.left + Math.max(0, gained)) - 1;
  tokens.atMs = nowMs;
  return tokens.left >= 0;
}

function greet(session: LiveSession, frame: ClientFrame): void {
  if (frame.type !== "hello") {
    session.line.end(CLOSE.notTheProtocol, "the first frame must be hello");
    return;
  }
  const { state } = session;
  state.phase = "open";
  if (frame.v === WIRE_VERSION) {
    session.line.send(welcomeText(state.session, state.exp));
    return;
  }
  const errors = [{ field: "v", message: `${frame.v} is not served` }];
  const { body } = problemReply({ slug: "validation-error", errors }, { instance: "live", requestId: state.session });
  session.line.send(errorText(JSON.stringify({ ...JSON.parse(body), supported: [WIRE_VERSION] })));
  session.line.end(CLOSE.version, "version");
}
