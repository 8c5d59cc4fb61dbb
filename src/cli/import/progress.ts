/** How far an import has come: a bar on a terminal, a line now and then elsewhere. */

import { print } from "../terminal.ts";

export interface Progress {
  /** Rows done, of `total` when that is known. */
  show(done: number, total: number | null): void;
  end(): void;
}

const BAR_MS = 100;
const LINE_MS = 3000;
const WIDTH = 30;

export function startProgress(nowMs: () => number): Progress {
  const isBar = process.stdout.isTTY === true;
  let shownAt = isBar ? 0 : nowMs();
  return {
    show: (done, total) => {
      const now = nowMs();
      if (now - shownAt < (isBar ? BAR_MS : LINE_MS)) return;
      shownAt = now;
      const text = `${done.toLocaleString("en")}${total === null ? "" : ` of ${total.toLocaleString("en")}`} rows`;
      if (isBar) process.stdout.write(`\r\u001b[2K${total === null ? "" : `${bar(done / total)} `}${text}`);
      else print(text);
    },
    end: () => {
      if (isBar) process.stdout.write("\r\u001b[2K");
    },
  };
}

function bar(share: number): string {
  const filled = Math.round(Math.min(share, 1) * WIDTH);
  return `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)}`;
}
