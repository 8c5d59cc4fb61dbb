/** AND of filter texts, each kept to itself. Pure. */

const STRINGS = /"(?:[^"\\]|\\.)*"/gs;

/** AND of filter texts. TypeError for a text whose parentheses would reach over its end and change the filters beside it. */
export function joinFilters(texts: readonly string[]): string {
  const terms = texts.filter((text) => text.trim() !== "");
  if (terms.length < 2) return terms[0] ?? "";
  return terms.map((text) => `(${balanced(text)})`).join(";");
}

function balanced(text: string): string {
  let depth = 0;
  let lowest = 0;
  for (const char of text.replace(STRINGS, "")) {
    if (char === "(") depth += 1;
    if (char === ")") depth -= 1;
    lowest = Math.min(lowest, depth);
    if (char === '"') lowest = -1;
  }
  if (depth !== 0 || lowest < 0) throw new TypeError(`This filter cannot be joined with others: ${text}`);
  return text;
}
