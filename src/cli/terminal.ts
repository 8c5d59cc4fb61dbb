/**
 * What the command line prints and asks. Colours and questions only on a terminal; elsewhere plain lines.
 */

import { createInterface } from "node:readline/promises";
import { styleText } from "node:util";

/** Questions to the person at the terminal; absent where there is none. */
export interface Ask {
  /** Index of the chosen option. */
  choose(question: string, options: readonly string[]): Promise<number>;
  confirm(question: string): Promise<"yes" | "no">;
}

export function print(line = ""): void {
  process.stdout.write(`${line}\n`);
}

export function printError(text: string): void {
  process.stderr.write(`${styleText("red", "✗", { stream: process.stderr })} ${text}\n`);
}

export function printDone(text: string): void {
  print(`${styleText("green", "✓")} ${text}`);
}

/** For what matters less. */
export function dim(text: string): string {
  return styleText("dim", text);
}

export function hasTerminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true && process.env.CI === undefined;
}

/** Asks on standard input and output; `null` where nobody would answer. */
export function terminalAsk(): Ask | null {
  if (!hasTerminal()) return null;
  const question = async (text: string): Promise<string> => {
    const reader = createInterface({ input: process.stdin, output: process.stdout });
    // Ctrl-C during a question means what it means everywhere else.
    reader.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
    try {
      return (await reader.question(text)).trim();
    } finally {
      reader.close();
    }
  };
  return {
    async choose(text, options) {
      print(text);
      for (const [index, option] of options.entries()) print(`  ${index + 1}  ${option}`);
      for (;;) {
        const choice = Number(await question(`Number (1–${options.length}): `));
        if (Number.isInteger(choice) && choice >= 1 && choice <= options.length) return choice - 1;
      }
    },
    async confirm(text) {
      return /^y(es)?$/i.test(await question(`${text} [y/N] `)) ? "yes" : "no";
    },
  };
}
