/**
 * Cloudflare's prices as read on its own pages in November 2026 (each `source` below), in dollars a unit and month, with what the paid plan
 * includes and what the free plan allows a day. Change them here; `npm run cost -- --write` then brings docs/cost.md up to date.
 */

export interface Price {
  readonly what: string;
  /** Dollars a million of them; of storage, a GB and month. */
  readonly dollars: number;
  /** Of a month, in the paid plan of $5. */
  readonly included: number;
  /** Of a day, on the free plan; null: not offered there, or not by the day. */
  readonly freeADay: number | null;
  readonly source: string;
}

const PAGES = "https://developers.cloudflare.com";
const MILLION = 1_000_000;

export const PLAN_DOLLARS = 5;

/** Objects are billed for 128 MB while they are awake. */
export const OBJECT_GB = 0.128;

export const PRICES = {
  workerRequests: {
    ...{ what: "requests to Workers", dollars: 0.3, included: 10 * MILLION, freeADay: 100_000 },
    source: `${PAGES}/workers/platform/pricing/`,
  },
  cpuMs: {
    ...{ what: "CPU time of Workers, ms", dollars: 0.02, included: 30 * MILLION, freeADay: null },
    source: `${PAGES}/workers/platform/pricing/`,
  },
  objectRequests: {
    ...{ what: "requests to objects (calls, alarms, a twentieth of each message of a socket)", dollars: 0.15 },
    ...{ included: MILLION, freeADay: 100_000 },
    source: `${PAGES}/durable-objects/platform/pricing/`,
  },
  awakeGbSeconds: {
    ...{ what: "objects awake, GB-seconds", dollars: 12.5, included: 400_000, freeADay: 13_000 },
    source: `${PAGES}/durable-objects/platform/pricing/`,
  },
  rowsRead: {
    ...{ what: "rows read in objects", dollars: 0.001, included: 25_000 * MILLION, freeADay: 5 * MILLION },
    source: `${PAGES}/durable-objects/platform/pricing/`,
  },
  rowsWritten: {
    ...{ what: "rows written in objects", dollars: 1, included: 50 * MILLION, freeADay: 100_000 },
    source: `${PAGES}/durable-objects/platform/pricing/`,
  },
  d1RowsRead: {
    ...{ what: "rows read in D1", dollars: 0.001, included: 25_000 * MILLION, freeADay: 5 * MILLION },
    source: `${PAGES}/d1/platform/pricing/`,
  },
  d1RowsWritten: {
    ...{ what: "rows written in D1", dollars: 1, included: 50 * MILLION, freeADay: 100_000 },
    source: `${PAGES}/d1/platform/pricing/`,
  },
  queueOperations: {
    ...{ what: "operations of Queues (three a message)", dollars: 0.4, included: MILLION, freeADay: 10_000 },
    source: `${PAGES}/queues/platform/pricing/`,
  },
  bucketWrites: {
    ...{ what: "R2, class A (writes)", dollars: 4.5, included: MILLION, freeADay: null },
    source: `${PAGES}/r2/pricing/`,
  },
  bucketReads: {
    ...{ what: "R2, class B (reads)", dollars: 0.36, included: 10 * MILLION, freeADay: null },
    source: `${PAGES}/r2/pricing/`,
  },
} as const satisfies Readonly<Record<string, Price>>;

export type Unit = keyof typeof PRICES;
export type Usage = Readonly<Partial<Record<Unit, number>>>;
