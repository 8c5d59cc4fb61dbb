/** What the batch tests share: a room of its own for every test, ids that can be foretold, the object behind a room. */

import { expect } from "vitest";
import { inspect, ledgerSeq, type Result, type Step, send } from "../support/scenario.ts";

let rooms = 0;

export interface Room {
  readonly path: string;
  readonly object: string;
  readonly send: (to: string, body?: unknown, more?: Partial<Step>) => Promise<Result>;
  /** Rows as stored, in order of id. */
  readonly rows: () => Promise<Record<string, unknown>[]>;
  readonly seq: () => Promise<number>;
  /** Runs the request and expects that it changed nothing. */
  readonly refused: (to: string, body?: unknown, more?: Partial<Step>) => Promise<Result>;
}

/** `to` is a method and the rest of the path: `PATCH /batch?dryRun=true`. */
export function openRoom(table: string, group = table): Room {
  const name = `${table}-${++rooms}-${Math.random().toString(36).slice(2, 8)}`;
  const path = `/api/@${name}/${table}`;
  const object = `t/test/${group}/${name}`;
  const sendTo = (to: string, body?: unknown, more: Partial<Step> = {}) => {
    const [method = "GET", rest = ""] = to.split(" ");
    return send({ to: `${method} ${path}${rest}`, ...(body === undefined ? {} : { body }), ...more });
  };
  const rows = async () => {
    const exists = await inspect(object, `SELECT 1 FROM sqlite_master WHERE name = '${table}'`);
    return exists.length === 0 ? [] : inspect(object, `SELECT * FROM "${table}" ORDER BY id`);
  };
  const seq = () => ledgerSeq(object);
  return {
    path,
    object,
    send: sendTo,
    rows,
    seq,
    async refused(to, body, more) {
      const before = [await seq(), await rows()];
      const result = await sendTo(to, body, more);
      expect([await seq(), await rows()], `${to} wrote something`).toEqual(before);
      return result;
    },
  };
}

/** A UUIDv7 by number; they sort as their numbers do. */
export function uid(number: number): string {
  return `01890000-0000-7000-8000-${number.toString(16).padStart(12, "0")}`;
}

/** Ids of the items of a reply. */
export function idsOf(result: Result): unknown[] {
  return (result.body.items as { id: unknown }[]).map((item) => item.id);
}
