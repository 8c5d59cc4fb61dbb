/** What the bench of transactions sends: requests by case, and the shape of a reply that all contenders share. */

import { type BenchRequest, send } from "./operations.ts";

export const CASES = ["one object", "two objects", "four objects", "two hot objects", "four hot objects"] as const;
export type CaseName = (typeof CASES)[number];

export const BANKS = ["a", "b", "c", "d"] as const;
/** Accounts of a bank that are there before anything is measured. */
export const ACCOUNTS = 200;
export const HOT_CONNECTIONS = 16;

export function objectsOf(name: CaseName): number {
  return name === "one object" ? 1 : name.startsWith("two") ? 2 : 4;
}

export function isHot(name: CaseName): boolean {
  return name.includes("hot");
}

/** One number for each request of a process, so that none repeats another. */
export interface Numbers {
  next: number;
}

export function createOne(bank: string, id: string): BenchRequest {
  return json("POST", `/api/@${bank}/accounts`, { id, balance: 100, note: `account ${id}` });
}

function patchOne(bank: string, id: string, balance: number): BenchRequest {
  return json("PATCH", `/api/@${bank}/accounts/${id}`, { balance });
}

/** The yardstick of every transaction: a row more in one object. */
export function nextCreate(numbers: Numbers): BenchRequest {
  return createOne("a", `c${numbers.next++}`);
}

/** What a transaction over one object does, as three requests: two rows made, one changed. */
export function nextOfThree(numbers: Numbers): BenchRequest {
  const n = numbers.next++;
  return n % 3 === 1 ? patchOne("a", accountAt(n), n) : createOne("a", `t${n}`);
}

/** A row changed in each of the first objects; `hot`: always the same rows. */
export function nextTransaction(name: CaseName, numbers: Numbers): BenchRequest {
  const n = numbers.next++;
  if (name === "one object") {
    const create = (as: string) => ({ ...operation("create", "a", as), data: row(`${as}${n}`) });
    const update = { ...operation("update", "a", "u"), id: accountAt(n), data: { balance: n } };
    return transaction([create("x"), update, create("y")]);
  }
  const id = isHot(name) ? accountAt(0) : accountAt(n);
  const banks = BANKS.slice(0, objectsOf(name));
  return transaction(banks.map((bank) => ({ ...operation("update", bank, bank), id, data: { balance: n } })));
}

function operation(op: string, partition: string, as: string) {
  return { op, resource: "accounts", partition, as };
}

function row(id: string) {
  return { id, balance: 100, note: `account ${id}` };
}

export function accountAt(n: number): string {
  return `acc${(n * 7919) % ACCOUNTS}`;
}

function transaction(operations: readonly object[]): BenchRequest {
  return json("POST", "/api/transaction", { operations });
}

function json(method: "POST" | "PATCH", path: string, body: object): BenchRequest {
  // Headers of its own: the load generator writes into them.
  return { method, path, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

export async function fillBanks(url: string): Promise<void> {
  for (const bank of BANKS) {
    let next = 0;
    const writer = async () => {
      while (next < ACCOUNTS) await expectDone(url, createOne(bank, `acc${next++}`));
    };
    await Promise.all(Array.from({ length: 10 }, writer));
  }
}

export async function expectDone(url: string, request: BenchRequest): Promise<string> {
  const { status, text } = await send(url, request);
  if (status >= 300) throw new Error(`${request.method} ${request.path}: ${status} ${text}`);
  return text;
}

/** A reply without what is drawn or counted by each contender for itself; each stands in the same number of bytes. */
export function withoutNames(text: string): string {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<txid>")
    .replace(/("(?:token|version)":"(?:\\"|W\/)*)[^"\\]*/g, "$1<position>");
}
