/**
 * What each thing that Ledge does uses, as counted: of reads and writes the figures of docs/benchmarks.md, of the rest those that the test
 * named beside each holds. Only how long objects are awake is an assumption. The page docs/cost.md is made from this (`cost-page.ts`).
 */

import { sumUsage } from "./cost-of.ts";
import { OBJECT_GB, type Usage } from "./prices.ts";

/** A round trip to storage's replicas keeps a written row's object awake so long; a read far less. Assumed, generously. */
const AWAKE_MS = 10;
const awake = (ms: number): Usage => ({ awakeGbSeconds: (ms / 1000) * OBJECT_GB });

/** Of a full ledger each commit pushes one entry out: `test/worker/cost.test.ts` [CL4]. */
const PRUNED: Usage = { rowsWritten: 1 };

/** `test/features/read-model/cost.test.ts` holds these. */
export const PROJECTED = {
  /** A commit of one row that nothing comes together with: its row and the cursor. */
  d1RowsWritten: 2,
  /** At most: the copies there are, the guard, the row's place. */
  d1RowsRead: 10,
  /** The object's timer, its alarm, and its end. */
  objectRowsWritten: 3,
  /** The alarm, and the page. */
  objectRequests: 2,
} as const;
/** Of a table with three indexes and full text, as the example's tasks; held there too. */
export const INDEXED = { createRowsWritten: 7, patchRowsWritten: 5 } as const;

/** Of a table in partitions with search and no index of its own: found by id across them. Held there too; docs/cost.md says it in words. */
export const PARTITIONED = { createRowsWritten: 5, textRowsWritten: 4, patchRowsWritten: 2 } as const;

/** A view's page of 20, of one object and of 25; held there too. */
export const VIEWED = {
  d1RowsRead: 30,
  objects: 25,
  d1RowsReadOfMany: 126,
  /** Beside it, behind an answer older than 5 s, of each object: whether there is news; its copies, the guard and the row's place. */
  asked: { objectRequests: 1, d1RowsRead: 4, d1RowsWritten: 1 },
  /** Of a view over partitions instead: all objects and the register are asked in turn, by one reader at a time. */
  walk: { objectRequests: 26, d1RowsRead: 90, d1RowsWritten: 2 },
} as const;
/** Half creates, half patches, without the cursor. */
const INDEXED_ROWS = (INDEXED.createRowsWritten + INDEXED.patchRowsWritten) / 2 - 1;
const TOGETHER = 20;

export interface Measured {
  readonly get: Usage;
  readonly list: Usage;
  readonly create: Usage;
  readonly patch: Usage;
  /** Beside a commit whose table is copied, without an index. */
  readonly projectedPlain: Usage;
  /** The same, of a table with three indexes and search. */
  readonly projectedAlone: Usage;
  /** The same, of one among twenty that come together, each on a row of its own. */
  readonly projectedTogether: Usage;
  /** A page of 20 of a view: of one object; its copy asked for news, too; of 25 objects; the walk that asks those. */
  readonly viewPage: Usage;
  readonly viewPageAsked: Usage;
  readonly viewPageOfMany: Usage;
  readonly walk: Usage;
  /** A watch of 20 rows that is opened: its socket, its message, its rows. Frames cost nothing. */
  readonly watch: Usage;
  readonly upload: Usage;
  readonly download: Usage;
  readonly job: Usage;
}

/** `benchmarks` is the text of docs/benchmarks.md. */
export function measuredUsage(benchmarks: string): Measured {
  const counted = (operation: string, more: Usage = {}): Usage => {
    const [requests, read, written] = figures(benchmarks, `| ${operation} | Ledge |`);
    const [, cpuMicros = 0] = figures(benchmarks, `| ${operation.split(",")[0]} | 1 |`, /CPU time a request/);
    const request: Usage = { workerRequests: 1, cpuMs: cpuMicros / 1000, ...awake(AWAKE_MS) };
    return sumUsage([
      [1, { ...request, objectRequests: requests, rowsRead: read, rowsWritten: written } as Usage],
      [1, more],
    ]);
  };
  const list = counted("list");
  const create = counted("create, ledger full");
  const page: Usage = {
    objectRequests: PROJECTED.objectRequests,
    d1RowsRead: PROJECTED.d1RowsRead,
    ...awake(4 * AWAKE_MS),
  };
  const viewed: Usage = { workerRequests: 1, cpuMs: list.cpuMs ?? 0 };
  const asked: Usage = { ...VIEWED.asked, ...awake(AWAKE_MS) };
  return {
    get: counted("get"),
    list,
    create,
    patch: counted("patch", PRUNED),
    projectedPlain: {
      ...page,
      rowsWritten: PROJECTED.objectRowsWritten,
      d1RowsWritten: PROJECTED.d1RowsWritten,
    },
    projectedAlone: {
      ...page,
      rowsWritten: PROJECTED.objectRowsWritten,
      d1RowsWritten: INDEXED_ROWS + 1,
    },
    projectedTogether: sumUsage([
      [1 / TOGETHER, { ...page, rowsWritten: PROJECTED.objectRowsWritten }],
      [1, { d1RowsWritten: INDEXED_ROWS + 1 / TOGETHER, d1RowsRead: 1 }],
    ]),
    viewPage: { ...viewed, d1RowsRead: VIEWED.d1RowsRead },
    viewPageAsked: sumUsage([
      [1, { ...viewed, d1RowsRead: VIEWED.d1RowsRead }],
      [1, asked],
    ]),
    viewPageOfMany: { ...viewed, d1RowsRead: VIEWED.d1RowsReadOfMany },
    walk: { ...VIEWED.walk, ...awake(VIEWED.objects * AWAKE_MS) },
    watch: { ...list, objectRequests: 1 + 1 / 20 },
    // `test/features/files/cost.test.ts`.
    upload: {
      ...sumUsage([[2, create]]),
      objectRequests: FILES.uploadRequests,
      rowsWritten: FILES.uploadRowsWritten,
      bucketWrites: 1,
    },
    download: { ...counted("get"), bucketReads: 1 },
    // docs/jobs.md, by `npm run bench:jobs`; who enqueued it asked once, and the message wakes a Worker.
    job: {
      workerRequests: 2,
      cpuMs: 1,
      objectRequests: 3,
      rowsWritten: 11,
      queueOperations: 3,
      ...awake(3 * AWAKE_MS),
    },
  };
}

/** One file, announced and sent in two requests: `test/features/files/cost.test.ts` holds these. */
export const FILES = { uploadRequests: 4, uploadRowsWritten: 17 } as const;

/** The numbers of the table's row that begins so, behind the heading. */
function figures(text: string, start: string, heading = /Cost of one operation/): readonly number[] {
  const part = text.slice(text.search(heading));
  const line = part.split("\n").find((each) => each.startsWith(start));
  if (line === undefined) throw new Error(`docs/benchmarks.md has no row that begins with ${start}`);
  const cells = line
    .slice(start.length - 1)
    .split("|")
    .slice(1, -1)
    .map(Number);
  return start.endsWith("| 1 |") ? [0, ...cells] : cells;
}
