/**
 * How far copies are behind while people write at a steady rate: each commit's time from its reply until a look at the cursors in D1 finds
 * it (a look every few milliseconds, so that much too late), and at each look how many acknowledged commits a copy lacks.
 */

const LANES = 16;
const LOOK_MS = 10;
const DRAIN_MS = 20_000;

export interface LagOptions {
  readonly url: string;
  /** Partitions that are written to in turn. */
  readonly boxes: readonly string[];
  readonly rate: number;
  readonly seconds: number;
}

interface Spread {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

export interface Lag {
  /** Of writes that were acknowledged; less than asked for where the machine gives no more. */
  readonly perSecond: number;
  readonly ms: Spread;
  readonly commits: Spread;
}

export async function measureLag({ url, boxes, rate, seconds }: LagOptions): Promise<Lag> {
  const waiting = new Map<string, { readonly seq: number; readonly at: number }[]>(boxes.map((box) => [box, []]));
  const lags: number[] = [];
  const behind: number[] = [];
  let acknowledged = 0;
  let isWriting = true;

  const look = async () => {
    const cursors = (await (await fetch(`${url}/cursors`)).json()) as { object: string; seq: number }[];
    const now = performance.now();
    for (const box of boxes) {
      const cursor = cursors.find(({ object }) => object === `t/bench/box_items/${box}`)?.seq ?? -1;
      const left = waiting.get(box) ?? [];
      const lacking = left.filter(({ seq }) => seq > cursor);
      for (const { seq, at } of left) if (seq <= cursor) lags.push(now - at);
      waiting.set(box, lacking);
      if (isWriting) behind.push(lacking.length);
    }
  };
  const looking = async () => {
    const until = performance.now() + seconds * 1000 + DRAIN_MS;
    while (isWriting || [...waiting.values()].some((left) => left.length > 0)) {
      if (performance.now() > until)
        throw new Error(`the copies do not come to rest: ${JSON.stringify([...waiting])}`.slice(0, 300));
      await look();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  };
  const startedAt = performance.now();
  /** Times are given out in order; a lane that is late does its write at once. */
  let next = 0;
  const lane = async () => {
    for (;;) {
      const n = next++;
      const dueAt = startedAt + (n * 1000) / rate;
      // A machine that gives less than the rate is not asked for the rest.
      if (Math.max(dueAt, performance.now()) > startedAt + seconds * 1000) return;
      const early = dueAt - performance.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
      const box = boxes[n % boxes.length] ?? "";
      const reply = await fetch(`${url}/api/@${box}/box_items`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(rowOf(n)),
      });
      const seq = Number(reply.headers.get("ledge-seq")?.split(":")[1]);
      if (reply.status !== 201) throw new Error(`${reply.status} ${await reply.text()}`);
      await reply.arrayBuffer();
      waiting.get(box)?.push({ seq, at: performance.now() });
      acknowledged++;
    }
  };
  // The first commit of each object makes its copy.
  const writing = Promise.all(Array.from({ length: LANES }, lane)).finally(() => {
    isWriting = false;
  });
  await Promise.all([looking(), writing]);
  return { perSecond: acknowledged / seconds, ms: spread(lags), commits: spread(behind) };
}

function rowOf(n: number): object {
  const id = `l${String(n).padStart(7, "0")}`;
  return {
    id,
    ownerId: "lag",
    title: `Item ${n} with a title of usual length`,
    status: "todo",
    rank: n % 1000,
    done: false,
    createdAt: 1_750_000_000_000 + n,
  };
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), max: sorted.at(-1) ?? 0 };
}
