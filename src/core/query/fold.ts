/**
 * Case folding of the `i` operators ([QL32]): A–Z become a–z, every other code point is itself, as SQLite's `lower()`. Its cost is
 * that of the length alone, whatever the text holds.
 */

const UPPER = /[A-Z]/;
const BEYOND_ASCII = /[\x80-\uffff]/;

export function fold(text: string): string {
  if (!UPPER.test(text)) return text;
  return BEYOND_ASCII.test(text) ? foldUnits(text) : text.toLowerCase();
}

/** Units put together at once: more would not fit on the stack as arguments. */
const CHUNK = 4096;

function foldUnits(text: string): string {
  let folded = "";
  const units: number[] = [];
  for (let start = 0; start < text.length; start += CHUNK) {
    const size = Math.min(CHUNK, text.length - start);
    units.length = size;
    for (let index = 0; index < size; index++) {
      const unit = text.charCodeAt(start + index);
      units[index] = unit >= 65 && unit <= 90 ? unit + 32 : unit;
    }
    folded += String.fromCharCode(...units);
  }
  return folded;
}
