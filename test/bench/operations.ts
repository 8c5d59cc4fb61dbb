/** What is measured: the requests of each operation, and the questions by which the contenders are held to the same bytes. */

import { ITEMS_PER_OWNER, type Item, itemAt } from "./items.ts";

export type OperationName = "get" | "list" | "create" | "patch";

export interface BenchRequest {
  readonly method: "GET" | "POST" | "PATCH";
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Where the numbers of one contender stand, so that no row is created twice. */
export interface Counter {
  k: number;
  row: number;
}

export interface Operation {
  readonly name: OperationName;
  /** The next request of a contender that holds the first `rows` rows. */
  readonly request: (counter: Counter, rows: number) => BenchRequest;
}

const JSON_TYPE = { "content-type": "application/json" };

export const OPERATIONS: readonly Operation[] = [
  { name: "get", request: (counter, rows) => get(`/${itemAt((counter.k++ * 7919) % rows).id}`) },
  {
    name: "list",
    request: (counter, rows) => get(ownersPage((counter.k++ * 31) % Math.floor(rows / ITEMS_PER_OWNER))),
  },
  { name: "create", request: (counter) => create(itemAt(counter.row++)) },
  {
    name: "patch",
    request: (counter, rows) => {
      const k = counter.k++;
      return patch(itemAt((k * 7919) % rows), { rank: k + 1000 });
    },
  },
];

/** Rows that were there before anything is measured lie below this number. */
export const FIRST_NEW_ROW = 1_000_000;

/** Asked of every contender before anything is timed; the answers are to be the same. */
export function sameBytesRequests(rows: number): readonly BenchRequest[] {
  const extra = itemAt(rows + FIRST_NEW_ROW - 1);
  return [
    get(`/${itemAt(3).id}`),
    get(ownersPage(2)),
    patch(itemAt(5), { rank: 77 }),
    get(`/${itemAt(5).id}`),
    create(extra),
    get(`/${extra.id}`),
  ];
}

export function create(item: Item): BenchRequest {
  return { method: "POST", path: "/api/items", headers: JSON_TYPE, body: JSON.stringify(item) };
}

export async function send(
  url: string,
  { path, ...init }: BenchRequest,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url + path, init);
  return { status: response.status, text: await response.text() };
}

function patch({ id }: Item, change: { readonly rank: number }): BenchRequest {
  return { method: "PATCH", path: `/api/items/${id}`, headers: JSON_TYPE, body: JSON.stringify(change) };
}

function get(path: string): BenchRequest {
  return { method: "GET", path: `/api/items${path}` };
}

function ownersPage(owner: number): string {
  return `?filter=${encodeURIComponent(`ownerId=="owner-${owner}"`)}&limit=${ITEMS_PER_OWNER}`;
}
