/** Puts what was measured into `docs/benchmarks.md`, or what it comes to into `docs/cost.md`, between the two markers of its part. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const DOCS = join(import.meta.dirname, "../../docs");

export function writeReport(
  part: "bench" | "scale" | "auth" | "transactions" | "transactions-memory" | "read-model" | "cost",
  text: string,
): void {
  const file = join(DOCS, part === "cost" ? "cost.md" : "benchmarks.md");
  const marker = `<!-- ${part} -->`;
  const pieces = readFileSync(file, "utf8").split(marker);
  const [before, , after] = pieces;
  if (pieces.length !== 3) throw new Error(`${file} has to hold ${marker} twice`);
  writeFileSync(file, `${before}${marker}\n\n${text}\n\n${marker}${after}`);
}
