/**
 * The signs of life of an attempt: when the next is due, what of its progress goes along, and what follows from an answer. Told what
 * happened it says how it then stands; `src/features/jobs/keep-alive.ts` has the timer and the calls, the simulator its own.
 */

import type { Heard } from "./job-turns.ts";

/** Progress is written no more often. */
const PROGRESS_EVERY_MS = 1000;
const MAX_NOTE_CHARACTERS = 200;

export interface Progress {
  /** 0–100. */
  readonly progress: number;
  readonly note: string | null;
}

export interface Life {
  readonly leaseMs: number;
  /** When the last sign was sent; before the first, when the attempt began. */
  readonly lastMs: number;
  readonly hasSent: boolean;
  /** Said since, and not yet sent. */
  readonly told: Progress | null;
  /** Under way: what goes with it. */
  readonly sent: Progress | null;
  readonly isSending: boolean;
  readonly isStale: boolean;
}

export function beginLife(nowMs: number, leaseMs: number): Life {
  return { leaseMs, lastMs: nowMs, hasSent: false, told: null, sent: null, isSending: false, isStale: false };
}

/** Progress as a handler says it. */
export function progressTold(life: Life, percent: number, note: string | null): Life {
  const progress = Math.min(100, Math.max(0, Math.round(percent)));
  return { ...life, told: { progress: progress || 0, note: note?.slice(0, MAX_NOTE_CHARACTERS) ?? null } };
}

/** When the next sign is to go (ms); null while one is under way. */
export function nextSignMs({ leaseMs, lastMs, hasSent, told, isSending }: Life): number | null {
  if (isSending) return null;
  if (told === null) return lastMs + leaseMs / 3;
  return hasSent ? lastMs + PROGRESS_EVERY_MS : lastMs;
}

export function signSent(life: Life, nowMs: number): Life {
  return { ...life, lastMs: nowMs, hasSent: true, told: null, sent: life.told, isSending: true };
}

/** `stop`: why the handler is to end, or null. Without an answer what went along is said again: it may not have arrived. */
export function signHeard(
  life: Life,
  heard: Heard | null,
): { readonly life: Life; readonly stop: "taken over" | "cancelled" | null } {
  const rest = { ...life, sent: null, isSending: false };
  if (heard === null) return { life: { ...rest, told: life.told ?? life.sent }, stop: null };
  if (heard.isStale) return { life: { ...rest, isStale: true }, stop: "taken over" };
  return { life: rest, stop: heard.isCancelled ? "cancelled" : null };
}
