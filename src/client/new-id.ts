/**
 * Ids of rows that are made here: UUIDv7, as tables with the default ids want them, so that a row can be referred to before the server has it. A
 * module of its own, so that whoever leaves ids to the server does not carry it.
 */

import { timedUuid } from "../core/ids.ts";

interface Globals {
  readonly crypto?: { readonly randomUUID?: () => string };
}

/** `0199e2c4-7a10-7d3b-9c55-2f0e6b1a8d47`: by time, to the millisecond. For tables whose ids are `"uuid"`, the default. */
export function newId(nowMs = Date.now()): string {
  // Pages over plain http and React Native have no randomUUID. An id is no secret, it must only be another one each time.
  const random = (globalThis as unknown as Globals).crypto?.randomUUID?.() ?? UUID.replace(/0/g, digit);
  return timedUuid(nowMs, random);
}

const UUID = "00000000-0000-4000-8000-000000000000";

function digit(): string {
  return Math.floor(Math.random() * 16).toString(16);
}
