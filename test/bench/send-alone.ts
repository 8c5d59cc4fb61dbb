/** One request after the other over one connection of its own, which nobody else has used before: for latencies. */

import { Agent, request as httpRequest } from "node:http";
import type { BenchRequest } from "./operations.ts";

export interface Line {
  /** Resolves when the whole reply is there; rejects unless it is a success. */
  send(request: BenchRequest): Promise<void>;
  close(): void;
}

export function openLine(url: string): Line {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    send: ({ method, path, headers, body }) =>
      new Promise((resolve, reject) => {
        const sent = httpRequest(url + path, { agent, method, headers }, (response) => {
          response.resume();
          response.on("end", () => {
            const { statusCode = 0 } = response;
            if (statusCode < 300) resolve();
            else reject(new Error(`${method} ${path}: ${statusCode}`));
          });
        });
        sent.on("error", reject);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}
