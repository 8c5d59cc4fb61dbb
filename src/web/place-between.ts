/**
 * YOURS. Places in a list as texts that sort: one is always free between two others, so a card that moves changes no card but itself.
 * `V000`, `V001`, … one after the other; `V000V` between the two; `V000Vk3f` for a certain card, so that two people who put a card each into
 * one gap do not give them one place. Pure.
 */

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE = DIGITS.length;
/** Digits that count up and down at the ends of a list, which therefore does not make places longer. */
const HEAD = 4;
const FIRST = `V${"0".repeat(HEAD - 1)}`;

/** A place after `before` and before `after`; null: the end of the list. Of two that others have put in one place, or out of order, it is after the first. */
export function placeBetween(before: string | null, after: string | null): string {
  if (before === null || before === "") return after === null || after === "" ? FIRST : placeBefore(after);
  if (after === null || after <= before) return placeAfter(before);
  return middle(before, after);
}

/** As `placeBetween`, and nobody else's: with a mark of the card's id. Where `isBetween`, it is between the two. */
export function placeOf(id: string, before: string | null, after: string | null): string {
  return placeBetween(before, after) + markOf(id);
}

/** Whether a place can lie behind `before` and before `after`; not between two that share theirs, nor before a card that has none. */
export function isBetween(before: string | null, after: string | null): boolean {
  if (after === null) return true;
  const place = placeBetween(before, after);
  return (before === null || before < place) && place < after && !after.startsWith(place);
}

/** `count` places one after the other, behind `before`. */
export function placesAfter(before: string | null, count: number): string[] {
  const places: string[] = [];
  for (let last = before; places.length < count; last = places.at(-1) ?? null) places.push(placeBetween(last, null));
  return places;
}

function placeAfter(place: string): string {
  return counted(place, 1) ?? middle(place, null);
}

function placeBefore(place: string): string {
  return counted(place, -1) ?? middle("", place);
}

/** The next head, up or down; null at its ends. */
function counted(place: string, by: 1 | -1): string | null {
  const head = [...place.slice(0, HEAD).padEnd(HEAD, "0")].reduce((sum, char) => sum * BASE + DIGITS.indexOf(char), 0);
  const next = head + by;
  if (next < 1 || next >= BASE ** HEAD) return null;
  let text = "";
  for (let rest = next; text.length < HEAD; rest = Math.floor(rest / BASE)) text = DIGITS.charAt(rest % BASE) + text;
  return text;
}

/** Three digits; the last is no 0, since nothing lies between a place and itself with a 0 after it. */
function markOf(id: string): string {
  let hash = 0x811c9dc5;
  for (const char of id) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  const digits = [hash % BASE, Math.floor(hash / BASE) % BASE, 1 + (Math.floor(hash / BASE ** 2) % (BASE - 1))];
  return digits.map((digit) => DIGITS.charAt(digit)).join("");
}

/** Digit by digit; `high` null: as if it were higher than all. Between two that leave nothing free, as others may have written them, it is after the first. */
function middle(low: string, high: string | null): string {
  let text = "";
  let end = high;
  for (let index = 0; ; index++) {
    const from = index < low.length ? DIGITS.indexOf(low.charAt(index)) : 0;
    if (end !== null && index >= Math.max(low.length, end.length)) end = null;
    const to = end === null ? BASE : index < end.length ? DIGITS.indexOf(end.charAt(index)) : 0;
    if (to - from > 1) return text + DIGITS.charAt((from + to) >> 1);
    text += DIGITS.charAt(from);
    if (to !== from) end = null;
  }
}
