/** What a month of operations uses and costs: usage of one operation, times how many there are, times the prices. Pure. */

import { PLAN_DOLLARS, PRICES, type Unit, type Usage } from "./prices.ts";

const UNITS = Object.keys(PRICES) as Unit[];
const MILLION = 1_000_000;

/** Several usages together, each so many times. */
export function sumUsage(parts: readonly (readonly [times: number, usage: Usage])[]): Usage {
  const total: Partial<Record<Unit, number>> = {};
  for (const [times, usage] of parts)
    for (const unit of UNITS) if (usage[unit] !== undefined) total[unit] = (total[unit] ?? 0) + times * usage[unit];
  return total;
}

/** In dollars, without what the plan includes. */
export function dollarsOf(usage: Usage): number {
  return UNITS.reduce((sum, unit) => sum + ((usage[unit] ?? 0) * PRICES[unit].dollars) / MILLION, 0);
}

/** What the month's bill says: the plan, and what goes beyond it. */
export function billOf(usage: Usage): number {
  return UNITS.reduce((sum, unit) => {
    const { dollars, included } = PRICES[unit];
    return sum + (Math.max(0, (usage[unit] ?? 0) - included) * dollars) / MILLION;
  }, PLAN_DOLLARS);
}

/** How many such operations a day the free plan carries, and what runs out first. */
export function freeOf(usage: Usage): { readonly operations: number; readonly unit: Unit } {
  const carried = UNITS.flatMap((unit) => {
    const { freeADay } = PRICES[unit];
    const used = usage[unit] ?? 0;
    return freeADay === null || used === 0 ? [] : [{ unit, operations: Math.floor(freeADay / used) }];
  });
  return carried.reduce((least, each) => (each.operations < least.operations ? each : least));
}
