/** Tables in Markdown, a line a row. Pure. */

export function table(head: readonly string[], lines: readonly string[]): string {
  return [row(head), `|${"---|".repeat(head.length)}`, ...lines].join("\n");
}

export function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}
