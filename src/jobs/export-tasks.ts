/**
 * YOURS. A long export with a progress bar: the tasks of a project as CSV, in pages, under the rights of whoever asked for it. Anybody who is signed in
 * may enqueue it: `POST /api/jobs { "name": "export-tasks", "input": { "projectId": "…" } }`.
 */

import { job } from "ledge/jobs";
import * as z from "zod";

const PAGE_ROWS = 100;
const MAX_ROWS = 2000;

export const exportTasks = job({
  name: "export-tasks",
  input: z.object({ projectId: z.string().min(1).max(64) }),
  enqueue: "user",
  concurrency: 2,
  async handler({ projectId }, { server, createdBy, signal, reportProgress }) {
    const mine = createdBy === null ? server : server.asUser({ kind: "user", id: createdBy, roles: [], claims: {} });
    const total = await mine.transaction((tx) => Promise.resolve(tx.table("tasks").count({ projectId })));
    const lines = ["id,title,status"];
    let after = "";
    for (;;) {
      signal.throwIfAborted();
      const where = `projectId==${JSON.stringify(projectId)};id>${JSON.stringify(after)}`;
      const rows = await mine.entities.findMany("tasks", where, { orderBy: "id", limit: PAGE_ROWS });
      for (const { id, title, status } of rows) lines.push([id, title, status].map(cell).join(","));
      after = String(rows.at(-1)?.id ?? "");
      reportProgress(total === 0 ? 100 : (100 * (lines.length - 1)) / total, `${lines.length - 1} of ${total} tasks`);
      if (rows.length < PAGE_ROWS || lines.length > MAX_ROWS) break;
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
