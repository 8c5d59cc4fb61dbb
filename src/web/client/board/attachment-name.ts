/** YOURS. The name under which a file is attached to a task: what a path takes, and free. `Größe 1.png` → `Gr-e-1.png`, then `Gr-e-1-2.png`. Pure. */

const MAX_LENGTH = 100;
const EDGES = /^[-.]+|[-.]+$/g;

export function attachmentName(given: string, taken: ReadonlySet<string>): string {
  const plain = given
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replaceAll(EDGES, "");
  const dot = plain.lastIndexOf(".");
  const [stem, end] = dot > 0 ? [plain.slice(0, dot), plain.slice(dot).slice(0, 20)] : [plain, ""];
  const base = stem.replaceAll(EDGES, "").slice(0, MAX_LENGTH) || "file";
  for (let number = 1; ; number++) {
    const name = number === 1 ? `${base}${end}` : `${base}-${number}${end}`;
    if (!taken.has(name)) return name;
  }
}
