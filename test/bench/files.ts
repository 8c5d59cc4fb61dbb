/**
 * `npm run bench:files`: bytes a second of uploads and downloads beside a Worker that does nothing but put and get, in turns that change their
 * order; the best of each, which other work on the machine disturbs least, and medians. And how much memory a large file takes. MEGABYTES= and LARGE= say how large, ROUNDS= how often. One workerd, R2 of Miniflare on disk.
 */

import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "./median.ts";
import { bundleWorker, LEDGE_BINDINGS, startWorker } from "./start-worker.ts";

const MIB = 1_048_576;
const MEGABYTES = Number(process.env.MEGABYTES ?? 64);
const LARGE = Number(process.env.LARGE ?? 2048);
const ROUNDS = Number(process.env.ROUNDS ?? 5);

const folder = mkdtempSync(join(tmpdir(), "ledge-bench-files-"));
const script = await bundleWorker(folder, {
  entryPoints: [join(import.meta.dirname, "files-worker.ts")],
  // What a package has for runtimes other than Node.
  mainFields: ["browser", "module", "main"],
});
const { url, pid, stop } = await startWorker(folder, script, { ...LEDGE_BINDINGS, r2Buckets: ["LEDGE_FILES"] });
try {
  await throughput(url);
  await large(url, pid);
} finally {
  await stop();
}

/** Bytes made as they are sent; no two files are equal. */
function bytesOf(size: number, seed: number): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(MIB).fill(seed % 251);
  let left = size;
  return new ReadableStream(
    {
      pull(controller) {
        if (left === 0) return controller.close();
        const next = chunk.slice(0, Math.min(left, MIB));
        new DataView(next.buffer).setFloat64(0, seed + left / size);
        left -= next.byteLength;
        controller.enqueue(next);
      },
    },
    { highWaterMark: 2 },
  );
}

async function put(url: string, size: number, seed: number): Promise<void> {
  const init = {
    method: "PUT",
    headers: { "content-length": String(size) },
    body: bytesOf(size, seed),
    duplex: "half",
  };
  const reply = await fetch(url, init as RequestInit);
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${reply.status} ${text}`);
}

async function get(url: string): Promise<number> {
  const reply = await fetch(url);
  let length = 0;
  for await (const chunk of reply.body ?? []) length += (chunk as Uint8Array).byteLength;
  return length;
}

async function announce(url: string, size: number): Promise<string> {
  const reply = await fetch(`${url}/api/blobs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "b.bin", type: "application/octet-stream", size }),
  });
  return ((await reply.json()) as { readonly id: string }).id;
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  await run();
  return performance.now() - since;
}

async function throughput(url: string): Promise<void> {
  const size = MEGABYTES * MIB;
  const ms: Record<"bare put" | "ledge put" | "bare get" | "ledge get", number[]> = {
    "bare put": [],
    "ledge put": [],
    "bare get": [],
    "ledge get": [],
  };
  for (let round = 0; round <= ROUNDS; round++) {
    const id = await announce(url, size);
    const turns: [keyof typeof ms, () => Promise<unknown>][] = [
      ["bare put", () => put(`${url}/bare/${round}`, size, round)],
      ["ledge put", () => put(`${url}/api/blobs/${id}/content`, size, round)],
      ["bare get", () => get(`${url}/bare/${round}`)],
      ["ledge get", () => get(`${url}/api/blobs/${id}/content`)],
    ];
    // Who comes second finds what the first has left to be written or collected.
    const order = round % 2 === 0 ? [0, 1, 2, 3] : [1, 0, 3, 2];
    for (const turn of order) {
      const [name, run] = turns[turn]!;
      const tookMs = await timed(run);
      // The first round only warms up.
      if (round > 0) ms[name].push(tookMs);
    }
  }
  const rate = (name: keyof typeof ms, of: (each: number[]) => number) => (MEGABYTES * 1000) / of(ms[name]);
  for (const kind of ["put", "get"] as const) {
    for (const [what, of] of [
      ["best", (each: number[]) => Math.min(...each)],
      ["median", median],
    ] as const) {
      const [bare, ledge] = [rate(`bare ${kind}`, of), rate(`ledge ${kind}`, of)];
      console.log(
        `${kind} of ${MEGABYTES} MB, ${what}: bare ${bare.toFixed(0)} MB/s, Ledge ${ledge.toFixed(0)} MB/s, ratio ${(ledge / bare).toFixed(2)}`,
      );
    }
  }
}

/** The bucket of Miniflare lives in the same process: what a bare Worker takes is the measure. */
async function large(url: string, pid: number): Promise<void> {
  const size = LARGE * MIB;
  const resident = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  for (const round of ["first", "second"]) {
    const id = await announce(url, size);
    for (const [name, at] of [
      ["bare", `${url}/bare/large`],
      ["Ledge", `${url}/api/blobs/${id}/content`],
    ] as const) {
      const peaks: number[] = [];
      const start = resident();
      const peakOf = async (run: () => Promise<void>) => {
        let peak = resident();
        const watch = setInterval(() => {
          peak = Math.max(peak, resident());
        }, 50);
        const tookMs = await timed(run);
        clearInterval(watch);
        peaks.push(peak);
        return (tookMs / 1000).toFixed(1);
      };
      const up = await peakOf(() => put(at, size, 99));
      const down = await peakOf(async () => {
        const length = await get(at);
        if (length !== size) throw new Error(`${length} bytes came back of ${size}`);
      });
      const [upPeak = 0, downPeak = 0] = peaks;
      console.log(
        `${LARGE} MB, ${name}, ${round} time: up ${up} s, down ${down} s; resident ${start.toFixed(0)} MB before, at most ${upPeak.toFixed(0)} MB up and ${downPeak.toFixed(0)} MB down`,
      );
    }
  }
}
