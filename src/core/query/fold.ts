/** Case folding of the `i` operators ([QL32]): A–Z become a–z, every other code point is itself, as SQLite's `lower()`. */

const UPPER = /[A-Z]+/g;

export function fold(text: string): string {
  return text.replace(UPPER, lower);
}

function lower(run: string): string {
  return run.toLowerCase();
}
