/** What the transaction tests share: a room of its own for every test, and its object. */

import type { RouteContext } from "ledge";
import { expect } from "vitest";
import { inspect, ledgerSeq, type Result, type Step, send } from "../support/scenario.ts";
import { script } from "../support/transaction-endpoints.ts";

let rooms = 0;

export interface Bank {
  readonly room: string;
  readonly object: string;
  /** Posts operations; each is in this room unless it says another. */
  readonly post: (operations: readonly object[], more?: Partial<Step> & { readonly body?: object }) => Promise<Result>;
  readonly send: (to: string, body?: unknown, more?: Partial<Step>) => Promise<Result>;
  readonly rows: (table: string) => Promise<Record<string, unknown>[]>;
  readonly seq: () => Promise<number>;
  /** Posts operations and expects that nothing was written. */
  readonly refused: (
    operations: readonly object[],
    more?: Partial<Step> & { readonly body?: object },
  ) => Promise<Result>;
}

const TABLES = ["wallets", "lines", "parcels", "labelled", "sealed", "racks", "stubs"];

export function openBank(prefix = "bank"): Bank {
  const room = `${prefix}-${++rooms}-${Math.random().toString(36).slice(2, 8)}`;
  const object = `t/test/bank/${room}`;
  const post: Bank["post"] = (operations, { body, ...more } = {}) =>
    send({
      to: "POST /api/transaction",
      user: "alice",
      body: { operations: operations.map((operation) => ({ partition: room, ...operation })), ...body },
      ...more,
    });
  const rows = async (table: string) => {
    const exists = await inspect(object, `SELECT 1 FROM sqlite_master WHERE name = '${table}'`);
    return exists.length === 0 ? [] : inspect(object, `SELECT * FROM "${table}" ORDER BY id`);
  };
  const seq = () => ledgerSeq(object);
  const all = async () => [await seq(), ...(await Promise.all([...TABLES, "_log", "_replies"].map(rowsOf)))];
  const rowsOf = async (table: string) => {
    const exists = await inspect(object, `SELECT 1 FROM sqlite_master WHERE name = '${table}'`);
    return exists.length === 0 ? [] : inspect(object, `SELECT * FROM "${table}" ORDER BY 1`);
  };
  return {
    room,
    object,
    post,
    rows,
    seq,
    send(to, body, more = {}) {
      const [method = "GET", rest = ""] = to.split(" ");
      const path = `${method} /api/@${room}${rest}`;
      return send({ to: path, user: "alice", ...(body === undefined ? {} : { body }), ...more });
    },
    async refused(operations, more) {
      const before = await all();
      const result = await post(operations, more);
      expect(await all(), `${result.text} wrote something`).toEqual(before);
      return result;
    },
  };
}

/** Runs server code as a route would; its value or its failure is the reply. */
export async function serve(run: (context: RouteContext) => Promise<unknown>, body: unknown = {}, user = "alice") {
  script.run = run;
  return send({ to: "POST /api/script", body, user });
}

/** Results of a reply by name. */
export function resultsOf({ body }: Result): Record<string, Record<string, unknown>> {
  return body.results as Record<string, Record<string, unknown>>;
}
