/** Puts what was measured into `docs/benchmarks.md`, between the two markers of its part. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FILE = join(import.meta.dirname, "../../docs/benchmarks.md");

export function writeReport(
  part: "bench" | "scale" | "auth" | "transactions" | "transactions-memory",
  text: string,
): void {
  const marker = `<!-- ${part} -->`;
  const pieces = readFileSync(FILE, "utf8").split(marker);
  const [before, , after] = pieces;
  if (pieces.length !== 3) throw new Error(`${FILE} has to hold ${marker} twice`);
  writeFileSync(FILE, `${before}${marker}\n\n${text}\n\n${marker}${after}`);
}
