/**
 * Ids of jobs that are known before they are made: the same words always give the same id, so a job enqueued twice is one. In the form of a
 * UUIDv8: a client that names its rows gives a UUIDv7, so nobody outside can take the id of a job whose words can be guessed.
 */

import { hex } from "../../core/hex.ts";

export async function jobIdOf(...words: readonly string[]): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(words));
  const digest = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  const [a, b, c, d, e] = [
    [0, 8],
    [8, 12],
    [13, 16],
    [17, 20],
    [20, 32],
  ].map(([from, to]) => digest.slice(from, to));
  return `${a}-${b}-8${c}-8${d}-${e}`;
}
