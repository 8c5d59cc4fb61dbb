/**
 * Instants: the accepted texts, the one printed form, and the range (query language, column kind `time`).
 * An instant is whole milliseconds since 1970, years 0001–9999. No clock here.
 */

const FORM = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(Z|[+-]\d{2}:\d{2})?)?$/;
export const MIN_INSTANT_MS = -62_135_596_800_000;
export const MAX_INSTANT_MS = 253_402_300_799_999;

const PRINTED_LENGTH = 24;

/** Whether the number is whole milliseconds within years 0001–9999. */
export function isInstant(ms: number): boolean {
  return Number.isInteger(ms) && ms >= MIN_INSTANT_MS && ms <= MAX_INSTANT_MS;
}

/**
 * Reads `YYYY-MM-DD`, optionally `THH:mm[:ss[.f…]]`, optionally `Z` or `±HH:MM`. A date alone is midnight UTC, a
 * date-time without offset is UTC, digits after the third fractional one are cut. `null` for anything else.
 */
export function parseInstant(text: string): number | null {
  // The printed form is what clients send back, and reading it so takes half the time.
  const printed = text.length === PRINTED_LENGTH ? Date.parse(text) : Number.NaN;
  if (isInstant(printed) && printInstant(printed) === text) return printed;
  const parts = FORM.exec(text);
  if (parts === null) return null;
  const at = (index: number) => Number(parts[index] ?? 0);
  const [year, month, day, hour, minute, second] = [at(1), at(2), at(3), at(4), at(5), at(6)];
  if (year < 1 || hour > 23 || minute > 59 || second > 59) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  const millisecond = Number((parts[7] ?? "").slice(0, 3).padEnd(3, "0"));
  date.setUTCHours(hour, minute, second, millisecond);
  const offset = parseOffsetMs(parts[8]);
  if (offset === null) return null;
  const ms = date.getTime() - offset;
  return isInstant(ms) ? ms : null;
}

/** `2026-11-21T07:49:00.000Z` */
export function printInstant(ms: number): string {
  return new Date(ms).toISOString();
}

function parseOffsetMs(text: string | undefined): number | null {
  if (text === undefined || text === "Z") return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(4, 6));
  if (hours > 23 || minutes > 59) return null;
  return (text.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
