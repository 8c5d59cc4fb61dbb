/** Positions as clients hold and send them: `epoch:seq:tag`, the only form that resumes ([SS5]). Pure. */

import { type Epoch, parseEpoch } from "../ids.ts";

export interface Since {
  readonly epoch: Epoch;
  readonly seq: number;
  readonly tag: string;
}

const FORM = /^([a-z2-7]{16}):([0-9]{1,16}):([0-9a-f]{8})$/;

/** Null for any other text. */
export function parseSince(text: string): Since | null {
  const [, epochText = "", digits = "", tag = ""] = FORM.exec(text) ?? [];
  const epoch = parseEpoch(epochText);
  const seq = Number(digits);
  return epoch === null || !isSafeSeq(seq) ? null : { epoch, seq, tag };
}

export function printSince({
  epoch,
  seq,
  tag,
}: {
  readonly epoch: string;
  readonly seq: number;
  readonly tag: string;
}): string {
  return `${epoch}:${seq}:${tag}`;
}

export function isSafeSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
