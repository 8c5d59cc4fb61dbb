/** YOURS. The name under which a file is attached to a task: what a path takes, and free. `Größe 1.png` → `Gr-e-1.png`, then `Gr-e-1-2.png`. Pure. */

const MAX_LENGTH = 100;

export function attachmentName(given: string, taken: ReadonlySet<string>): string {
  const ascii = given.normalize("NFKD").replaceAll(/\p{M}/gu, "");
  const plain = withoutEdges(ascii.replaceAll(/[^A-Za-z0-9._-]+/g, "-"));
  const dot = plain.lastIndexOf(".");
  const [stem, end] = dot > 0 ? [plain.slice(0, dot), plain.slice(dot).slice(0, 20)] : [plain, ""];
  const base = withoutEdges(stem).slice(0, MAX_LENGTH) || "file";
  for (let number = 1; ; number++) {
    const name = number === 1 ? `${base}${end}` : `${base}-${number}${end}`;
    if (!taken.has(name)) return name;
  }
}

/** Without `-` and `.` at both ends; by hand, since an expression for it takes the square of a long name's length. */
function withoutEdges(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isEdge(text[from])) from++;
  while (to > from && isEdge(text[to - 1])) to--;
  return text.slice(from, to);
}

const isEdge = (letter: string | undefined) => letter === "-" || letter === ".";
