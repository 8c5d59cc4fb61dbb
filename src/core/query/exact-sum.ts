/**
 * Sums of numbers without rounding: each finite double is a whole multiple of 2^-1074, so a bigint in that unit holds any sum
 * exactly. The order of additions does not count, a value added and taken away leaves no trace, and nothing overflows; rounding
 * happens once, in `roundSum`. Called by tallies (aggregates in memory, live aggregates).
 */

const bits = new DataView(new ArrayBuffer(8));
/** Bits kept before the last rounding: more than the 53 of a double, so that only the lowest can be a collective one. */
const KEPT_BITS = 64;
const UNIT_EXPONENT = -1074;

/** The finite number in units of 2^-1074. */
export function exactUnits(value: number): bigint {
  bits.setFloat64(0, value);
  const high = bits.getUint32(0);
  const exponent = (high >>> 20) & 0x7ff;
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(bits.getUint32(4));
  const units = exponent === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(exponent - 1);
  return value < 0 ? -units : units;
}

/** The double nearest to a sum; an infinity when the sum lies beyond the finite. */
export function roundSum(units: bigint): number {
  if (units < 0n) return -roundSum(-units);
  const surplus = units.toString(16).length * 4 - KEPT_BITS;
  if (surplus <= 0) return Number(units) * Number.MIN_VALUE;
  const shift = BigInt(surplus);
  const kept = units >> shift;
  // What is cut off only matters for a tie: one bit says whether there was anything.
  const sticky = kept << shift === units ? 0n : 1n;
  return Number(kept | sticky) * 2 ** (surplus + UNIT_EXPONENT);
}

/** The double nearest to a sum divided by a count; finite, since no mean lies beyond what it is the mean of. */
export function roundMean(units: bigint, count: number): number {
  const sum = roundSum(units);
  if (Number.isFinite(sum)) return sum / count;
  if (units < 0n) return -roundMean(-units, count);
  const divisor = BigInt(count);
  const quotient = units / divisor;
  // A remainder only matters for a tie, as what roundSum cuts off does: its lowest bit is far below those that are kept.
  return roundSum(quotient * divisor === units ? quotient : quotient | 1n);
}
