/**
 * What the live store costs a client, without a network: `npm run bench:store`. A list of 10,000 rows under a stream of changes, told at most once a
 * frame; and an outbox that starts with 5,000 unsent writes, until all of them are done.
 */

import type { JsonObject } from "../../src/core/json.ts";
import { applyNews, openView } from "../../src/core/live/live-view.ts";
import { viewComparator } from "../../src/core/live/view-order.ts";
import { Outbox } from "../../src/core/offline/outbox.ts";
import type { OutboxEntry } from "../../src/core/offline/outbox-entry.ts";
import type { OutboxAction } from "../../src/core/offline/outbox-port.ts";
import { StoreCore } from "../../src/core/store/store-core.ts";

const ROWS = Number(process.env.ROWS ?? 10_000);
const CHANGES = Number(process.env.CHANGES ?? 10_000);
const WRITES = Number(process.env.WRITES ?? 5_000);
/** 1,000 changes a second are 16 or 17 a frame. */
const CHANGES_A_FRAME = 17;
const FRAME_MS = 1_000 / 60;

function row(index: number, rank: number): JsonObject {
  return { id: `t${index}`, title: `Task ${index}`, status: "todo", rank };
}

/** Time of each frame, in ms: changes taken, writes laid over, the list made anew. */
function list(overlaid: number): number[] {
  const idOf = (each: JsonObject) => each.id as string;
  const rows = Array.from({ length: ROWS }, (_, index) => ({ row: row(index, (index * 7919) % ROWS), v: "1" }));
  const view = openView({ rows }, idOf);
  const kinds = { id: "text", title: "text", status: "text", rank: "int" };
  const facts = {
    rowKey: "id",
    compare: viewComparator({ orderBy: "rank", key: "id", kinds }),
    takes: () => true,
    rows: () => [...view.rows.values()].map((shown) => shown.row),
    rowOf: (id: string | number) => view.rows.get(id)?.row,
  };
  const store = new StoreCore({
    placeOf: () => ({ epoch: "e", seq: 1 }),
    ask: () => {},
    changed: () => {},
    derive: (after) => after,
  });
  store.add({ key: "list", table: "tasks", partition: undefined, limit: null, isWhole: true });
  store.took("list", [{ kind: "replaced", seq: 1, after: view }], facts);
  for (let index = 0; index < overlaid; index++) store.news(`k${index}`, entry(index));
  const frames: number[] = [];
  for (let seq = 0; seq < CHANGES; seq += CHANGES_A_FRAME) {
    const begin = performance.now();
    for (let count = 0; count < CHANGES_A_FRAME; count++) {
      const index = ((seq + count) * 104_729) % ROWS;
      const news = { id: 1, changes: [{ op: "changed" as const, row: row(index, (seq * 31) % ROWS), v: "2" }] };
      const changes = applyNews(view, news as unknown as Parameters<typeof applyNews>[1], idOf);
      store.took("list", [{ kind: "commit", seq, at: 0, changes }], facts);
      store.moved();
    }
    if (store.rows("list")?.length !== ROWS) throw new Error("rows were lost");
    frames.push(performance.now() - begin);
  }
  return frames;
}

function entry(index: number): OutboxEntry {
  const write = {
    op: "update" as const,
    table: "tasks",
    id: `t${index}`,
    values: { title: "x" },
    base: null,
    tag: null,
  };
  const state = { kind: "queued" } as const;
  return { key: `k${index}`, place: index + 1, rev: 0, principal: null, madeAtMs: 0, writes: [write], state };
}

/** ms until the first write leaves, and until all are done. */
function start(): { readonly firstMs: number; readonly allMs: number } {
  const begin = performance.now();
  let firstMs = 0;
  const actions: OutboxAction[] = [];
  const outbox = new Outbox({
    act: (action) => void actions.push(action),
    elapsedMs: () => 0,
    nowMs: () => 0,
    random: () => 0.5,
    policyOf: () => "server-wins",
  });
  const entries = Array.from({ length: WRITES }, (_, index) => entry(index));
  outbox.start();
  let done = 0;
  for (let action = actions.shift(); action !== undefined; action = actions.shift()) {
    if (action.kind === "reload") outbox.loaded(entries);
    else if (action.kind === "save") outbox.saved(action.changes, true);
    else if (action.kind === "send") {
      firstMs ||= performance.now() - begin;
      done++;
      outbox.replied(action.entry.key, {
        kind: "done",
        state: { kind: "done", positions: [`e:${done}`], tags: [`e:${done}:s`] },
      });
    }
  }
  if (done !== WRITES) throw new Error(`${done} of ${WRITES} writes left`);
  return { firstMs, allMs: performance.now() - begin };
}

function report(name: string, frames: readonly number[]): void {
  const sorted = [...frames].sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2);
  const dropped = frames.filter((ms) => ms > FRAME_MS).length;
  const each = (frames.reduce((sum, ms) => sum + ms, 0) / frames.length / CHANGES_A_FRAME) * 1_000;
  process.stdout.write(
    `${name}: ${each.toFixed(0)} µs a change; a frame ${at(0.5)} ms in the middle, ${at(0.99)} ms at 99 %; ${dropped} of ${frames.length} frames dropped\n`,
  );
}

report(`${ROWS} rows, 1,000 changes/s`, list(0));
report(`the same under 100 unsent writes`, list(100));
const { firstMs, allMs } = start();
process.stdout.write(
  `${WRITES} unsent writes: the first leaves after ${firstMs.toFixed(0)} ms, all are done after ${allMs.toFixed(0)} ms\n`,
);
