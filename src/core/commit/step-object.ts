/**
 * The machine of an object that takes part in transactions, as participant or as the one that decides: one event, one turn. Pure
 * but for the port, whose work lies in the same storage transaction as the writes returned. The host puts the new state in place
 * once that transaction is released, and lets replies and messages go when it is durable.
 */

import { unreachable } from "../fault.ts";
import { decide } from "./decide.ts";
import { locksOf } from "./footprint.ts";
import type { ObjectPort } from "./object-port.ts";
import type { Draft, ObjectEvent, ObjectRequest, ObjectState, Turn } from "./object-state.ts";
import { runTimers } from "./object-timers.ts";
import { prepare } from "./prepare.ts";
import { admitRead, answerPending } from "./readers.ts";
import { confirm, resolve, review } from "./resolve.ts";
import { abortPrepared, commitPrepared } from "./settle.ts";
import { wakeWaiters } from "./waiters.ts";

export function stepObject<W>(
  state: ObjectState<W>,
  event: ObjectEvent<W>,
  nowMs: number,
  port: ObjectPort<W>,
): Turn<W> {
  const draft: Draft<W> = { state, nowMs, writes: [], sends: [], replies: [], calls: [], hasReleased: false };
  take(draft, event, port);
  wakeWaiters(draft, port);
  return draft;
}

function take<W>(draft: Draft<W>, event: ObjectEvent<W>, port: ObjectPort<W>): void {
  switch (event.kind) {
    case "request":
      serve(draft, event.call, event.message, port);
      return;
    case "read":
      admitRead(draft, event, port);
      return;
    case "write": {
      const { call, sinceMs, footprint } = event;
      draft.state = { ...draft.state, writes: [...draft.state.writes, { call, sinceMs, locks: locksOf(footprint) }] };
      return;
    }
    case "resolved": {
      const { outcome, ask } = event.reply;
      if (outcome.kind === "pending") answerPending(draft, ask);
      else if (outcome.kind === "committed") commitPrepared(draft, event.txid, outcome.parts, port);
      else abortPrepared(draft, event.txid, port);
      return;
    }
    case "confirmed":
      confirm(draft, event.txid, event.object);
      return;
    case "timer":
      runTimers(draft, port);
      return;
    default:
      unreachable(event);
  }
}

function serve<W>(draft: Draft<W>, call: number, message: ObjectRequest<W>, port: ObjectPort<W>): void {
  switch (message.kind) {
    case "prepare":
    case "queue":
      prepare(draft, call, message, draft.nowMs, port);
      return;
    case "decide":
      decide(draft, call, message, port);
      return;
    case "commit":
      draft.replies.push({ call, reply: commitPrepared(draft, message.txid, message.parts, port) });
      return;
    case "abort":
      draft.replies.push({ call, reply: abortPrepared(draft, message.txid, port) });
      return;
    case "resolve":
      draft.replies.push({ call, reply: resolve(draft, message, port) });
      return;
    case "review":
      draft.replies.push({ call, reply: review(draft, message, port) });
      return;
    default:
      unreachable(message);
  }
}
