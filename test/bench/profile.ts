/**
 * `npm run profile -- get|list|create|patch`: loads Ledge with one kind of request and prints where workerd's CPU time went, by
 * function: self time, highest first. A tool to find what holds a figure of the bench back; it asserts nothing.
 */

import autocannon from "autocannon";
import { startContender } from "./contenders.ts";
import { ITEMS_PER_OWNER, itemAt } from "./items.ts";

const OPERATION = process.argv[2] ?? "get";
const SECONDS = Number(process.env.SECONDS ?? 4);
const ROWS = 500;
const JSON_TYPE = { "content-type": "application/json" };

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly hitCount?: number;
}

const contender = await startContender("ledge", { seq: ROWS, inspectorPort: 9339, minify: false });
try {
  for (let n = 0; n < ROWS; n++) {
    await fetch(`${contender.url}/api/items`, {
      method: "POST",
      headers: JSON_TYPE,
      body: JSON.stringify(itemAt(n)),
    }).then((response) => response.text());
  }
  const socket = await connect();
  await socket.call("Profiler.enable");
  await socket.call("Profiler.setSamplingInterval", { interval: 200 });
  await socket.call("Profiler.start");
  await load();
  const { profile } = (await socket.call("Profiler.stop")) as { profile: { nodes: ProfileNode[] } };
  socket.close();
  print(profile.nodes);
} finally {
  await contender.stop();
}

async function load(): Promise<void> {
  let k = 0;
  await autocannon({
    url: contender.url,
    connections: 20,
    duration: SECONDS,
    requests: [{ setupRequest: (request) => ({ ...request, ...next(k++) }) }],
  });
}

function next(k: number): autocannon.Request {
  switch (OPERATION) {
    case "list":
      return {
        method: "GET",
        path: `/api/items?filter=${encodeURIComponent(`ownerId=="owner-${k % 20}"`)}&limit=${ITEMS_PER_OWNER}`,
      };
    case "create":
      return { method: "POST", path: "/api/items", headers: JSON_TYPE, body: JSON.stringify(itemAt(ROWS + 1000 + k)) };
    case "patch":
      return { method: "PATCH", path: `/api/items/${itemAt(k % ROWS).id}`, headers: JSON_TYPE, body: `{"rank":${k}}` };
    default:
      return { method: "GET", path: `/api/items/${itemAt(k % ROWS).id}` };
  }
}

function print(nodes: readonly ProfileNode[]): void {
  const byFunction = new Map<string, number>();
  let total = 0;
  for (const { callFrame, hitCount = 0 } of nodes) {
    if (callFrame.functionName === "(idle)") continue;
    const name = `${callFrame.functionName || "(anonymous)"} ${callFrame.url.split("/").at(-1)}:${callFrame.lineNumber + 1}`;
    byFunction.set(name, (byFunction.get(name) ?? 0) + hitCount);
    total += hitCount;
  }
  for (const [name, hits] of [...byFunction].sort(([, a], [, b]) => b - a).slice(0, 45)) {
    console.log(`${((100 * hits) / total).toFixed(1).padStart(5)} %  ${name}`);
  }
}

async function connect() {
  const targets = (await (await fetch("http://127.0.0.1:9339/json")).json()) as { webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? "");
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", reject);
  });
  const waiting = new Map<number, (result: unknown) => void>();
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(String(data)) as { id?: number; result?: unknown };
    if (message.id !== undefined) waiting.get(message.id)?.(message.result);
  });
  let id = 0;
  return {
    close: () => socket.close(),
    call: (method: string, params: object = {}) =>
      new Promise((resolve) => {
        waiting.set(++id, resolve);
        socket.send(JSON.stringify({ id, method, params }));
      }),
  };
}
