/**
 * Where effects of the killed process arrive: an HTTP server in the test, which outlives every kill. Refuses some, so that
 * retries take place, and is slower than the writers, so that the ledger is pruned while it holds effects nobody has taken.
 */

import { createServer } from "node:http";
import type { Told } from "./app/tell.ts";
import type { Random } from "./random.ts";

const DELAY_MS = 4;

export interface EffectSink {
  readonly url: string;
  /** Every delivery that was accepted, in order of arrival. */
  readonly told: readonly Told[];
  /** Deliveries that were refused. */
  readonly refused: () => number;
  /** From here on nothing is refused or delayed. */
  calm(): void;
  close(): Promise<void>;
}

export async function openSink(port: number, random: Random): Promise<EffectSink> {
  const told: Told[] = [];
  let refused = 0;
  let isCalm = false;
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      text += chunk;
    });
    request.on("end", () => {
      const isRefused = !isCalm && random.chance(0.1);
      if (isRefused) refused += 1;
      // Counted when it arrives: a kill before the reply makes it arrive again.
      else told.push(JSON.parse(text) as Told);
      setTimeout(() => response.writeHead(isRefused ? 500 : 204).end(), isCalm ? 0 : DELAY_MS);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${port}/`,
    told,
    refused: () => refused,
    calm: () => {
      isCalm = true;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
