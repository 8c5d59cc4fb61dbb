/**
 * `npm run bench:files`: bytes a second of uploads and downloads beside a Worker that does nothing but put and get, in turns, medians;
 * and how much memory a large file takes. MEGABYTES= and LARGE= say how large, ROUNDS= how often. One workerd, R2 of Miniflare on disk.
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
    const took = {
      "bare put": await timed(() => put(`${url}/bare/${round}`, size, round)),
      "ledge put": await timed(() => put(`${url}/api/blobs/${id}/content`, size, round)),
      "bare get": await timed(() => get(`${url}/bare/${round}`)),
      "ledge get": await timed(() => get(`${url}/api/blobs/${id}/content`)),
    };
    // The first round only warms up.
    if (round > 0) for (const [name, each] of Object.entries(took)) ms[name as keyof typeof ms].push(each);
  }
  const rate = (name: keyof typeof ms) => (MEGABYTES * 1000) / median(ms[name]);
  for (const kind of ["put", "get"] as const) {
    const [bare, ledge] = [rate(`bare ${kind}`), rate(`ledge ${kind}`)];
    console.log(
      `${kind} of ${MEGABYTES} MB: bare ${bare.toFixed(0)} MB/s, Ledge ${ledge.toFixed(0)} MB/s, ratio ${(ledge / bare).toFixed(2)}`,
    );
  }
}

async function large(url: string, pid: number): Promise<void> {
  const size = LARGE * MIB;
  const resident = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  const start = resident();
  let peak = start;
  const watch = setInterval(() => {
    peak = Math.max(peak, resident());
  }, 50);
  const id = await announce(url, size);
  const upMs = await timed(() => put(`${url}/api/blobs/${id}/content`, size, 99));
  const upPeak = peak;
  peak = resident();
  let length = 0;
  const downMs = await timed(async () => {
    length = await get(`${url}/api/blobs/${id}/content`);
  });
  clearInterval(watch);
  if (length !== size) throw new Error(`${length} bytes came back of ${size}`);
  console.log(
    `${LARGE} MB: up ${(upMs / 1000).toFixed(1)} s, down ${(downMs / 1000).toFixed(1)} s; resident ${start.toFixed(0)} MB before, at most ${upPeak.toFixed(0)} MB up and ${peak.toFixed(0)} MB down`,
  );
}
