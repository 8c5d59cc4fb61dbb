/**
 * YOURS. A long export with a progress bar: the tasks of a project as CSV, in pages, under the rights of whoever asked for it. Anybody who is signed in
 * may enqueue it: `POST /api/jobs { "name": "export-tasks", "input": { "projectId": "…" } }`.
 */

import { job } from "ledge/jobs";
import * as z from "zod";

const PAGE_ROWS = 100;
/** What a file may hold: it lies in the job's row, which is told to everybody who follows it. */
const MAX_ROWS = 2000;
const MAX_BYTES = 350_000;

export const exportTasks = job({
  name: "export-tasks",
  input: z.object({ projectId: z.string().min(1).max(64) }),
  enqueue: "user",
  concurrency: 2,
  async handler({ projectId }, { server, createdBy, signal, reportProgress }) {
    const mine = createdBy === null ? server : server.asUser({ kind: "user", id: createdBy, roles: [], claims: {} });
    const total = await mine.transaction((tx) => Promise.resolve(tx.table("tasks").count({ projectId })));
    const wanted = Math.min(total, MAX_ROWS);
    const lines = ["id,title,status"];
    let [after, bytes, isDone] = ["", 0, false];
    while (!isDone) {
      signal.throwIfAborted();
      const where = `projectId==${JSON.stringify(projectId)};id>${JSON.stringify(after)}`;
      const rows = await mine.entities.findMany("tasks", where, { orderBy: "id", limit: PAGE_ROWS });
      for (const { id, title, status } of rows) {
        const line = [id, title, status].map(cell).join(",");
        bytes += byteLength(line);
        if (bytes > MAX_BYTES) break;
        lines.push(line);
      }
      after = String(rows.at(-1)?.id ?? "");
      const made = lines.length - 1;
      reportProgress((100 * made) / wanted, `${made} of ${wanted} tasks`);
      isDone = rows.length < PAGE_ROWS || made >= MAX_ROWS || bytes > MAX_BYTES;
    }
    return { rows: lines.length - 1, total, csv: `${lines.join("\r\n")}\r\n` };
  },
});

/** A spreadsheet runs what begins like a formula: such a cell is told to be text. */
function cell(value: unknown): string {
  const text = String(value ?? "");
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Of a line as the row holds it: in JSON. */
function byteLength(line: string): number {
  return new TextEncoder().encode(JSON.stringify(`${line}\r\n`)).byteLength;
}
