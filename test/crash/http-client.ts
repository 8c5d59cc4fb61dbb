/** HTTP as the writers need it: kept-alive connections, no retries of its own, and failures told apart by what they prove. */

import { Agent, request } from "node:http";

export interface Reply {
  readonly status: number;
  readonly text: string;
  /** `<epoch>:<seq>` */
  readonly position: string | null;
  readonly etag: string | null;
  readonly isReplay: boolean;
}

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** `refused`: nothing listened, so nothing was sent. `lost`: the request may have been carried out. */
export class ConnectionFailure extends Error {
  readonly kind: "refused" | "lost";
  constructor(kind: "refused" | "lost", message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface HttpClient {
  send(call: Call): Promise<Reply>;
  /** Writes that were sent and have no reply yet. */
  writesInFlight(): number;
  close(): void;
}

/** A process that was killed closes its connections at once; what answers later than this hangs. */
const TIMEOUT_MS = 30_000;

export function httpClient(origin: string): HttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  let inFlight = 0;
  return {
    writesInFlight: () => inFlight,
    close: () => agent.destroy(),
    send({ method, path, headers = {}, body }) {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const isWrite = method !== "GET";
      if (isWrite) inFlight += 1;
      return new Promise<Reply>((resolve, reject) => {
        const sent = request(
          `${origin}${path}`,
          {
            method,
            agent,
            timeout: TIMEOUT_MS,
            headers: {
              ...headers,
              ...(text === undefined
                ? {}
                : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
            },
          },
          (response) => {
            const chunks: Buffer[] = [];
            response.on("data", (chunk: Buffer) => chunks.push(chunk));
            response.on("error", (error) => reject(new ConnectionFailure("lost", error.message)));
            response.on("end", () => {
              if (!response.complete) return reject(new ConnectionFailure("lost", "the reply was cut off"));
              const header = (name: string) => (response.headers[name] as string | undefined) ?? null;
              resolve({
                status: response.statusCode ?? 0,
                text: Buffer.concat(chunks).toString("utf8"),
                position: header("ledge-seq"),
                etag: header("etag"),
                isReplay: header("idempotency-replayed") === "true",
              });
            });
          },
        );
        sent.on("timeout", () => sent.destroy(new Error(`no reply within ${TIMEOUT_MS} ms`)));
        sent.on("error", (error: NodeJS.ErrnoException) =>
          reject(new ConnectionFailure(error.code === "ECONNREFUSED" ? "refused" : "lost", error.message)),
        );
        sent.end(text);
      }).finally(() => {
        if (isWrite) inFlight -= 1;
      });
    },
  };
}
