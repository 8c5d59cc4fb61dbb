/** `POST /api/jobs/:id/cancel`, for whoever may update the row: a running job is asked to stop, one that waits does not begin. */

import { Fault } from "../../../core/fault.ts";
import type { RowId } from "../../../core/ids.ts";
import { readObject } from "../../../edge/call-object.ts";
import { callHeader, type TableRequest } from "../../../edge/exchange.ts";
import { requireScope } from "../../../edge/scopes.ts";
import { askJobs } from "../jobs-object.ts";

export async function cancelJobRow(request: TableRequest, idOf: () => RowId): Promise<Response> {
  const { entry, principal, env, edge } = request;
  const scope = requireScope(await entry.access(request, "update"), principal, "update");
  const id = idOf();
  // Out of scope is 404, as for any row.
  await readObject(request, {
    ...callHeader(request),
    op: "get",
    ...{ id, scope, withDeleted: null, select: ["id"], conditions: {} },
  });
  const job = await askJobs({ env, app: edge.definition.name, principal }, "jobs.cancel", { id: String(id) });
  if (job === null) throw new Fault({ slug: "not-found", resource: "jobs", id: String(id) });
  return Response.json({ id: job.id, state: job.state, isCancelling: job.state === "running" });
}
