/** YOURS. What somebody has typed so far, as a search: the last word may go on. `turn comp` → `turn comp*`. A phrase in quotes stays as it is. Pure. */

export function asTyped(text: string): string {
  const asked = text.trim();
  return /[\p{L}\p{N}]$/u.test(asked) && !asked.includes('"') ? `${asked}*` : asked;
}
