/** YOURS. How old something is, as a person says it: `ageWords(95_000)` is "2 minutes ago"; null while it is as good as new. Pure. */

/** Below this nobody would call it old, ms. */
export const NEW_MS = 10_000;

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

export function ageWords(ageMs: number): string | null {
  if (ageMs < NEW_MS) return null;
  const unit = UNITS.find(([, ms]) => ageMs >= ms);
  if (unit === undefined) return "less than a minute ago";
  const count = Math.round(ageMs / unit[1]);
  return `${count} ${unit[0]}${count === 1 ? "" : "s"} ago`;
}
