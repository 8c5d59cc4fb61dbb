/** `GET /:id/content`: the bytes of a file for whoever may read its row. `?use=show` shows what can be shown without harm, `?preset=` an image. */

import { invalidField } from "../../../core/fault.ts";
import type { RowId } from "../../../core/ids.ts";
import { readQuery, readScope } from "../../../edge/endpoints/read-access.ts";
import type { TableRequest } from "../../../edge/exchange.ts";
import { loadFile } from "../row-calls.ts";
import { sendContent, type Wish } from "../send-content.ts";

export async function downloadContent(request: TableRequest, idOf: () => RowId): Promise<Response> {
  const scope = await readScope(request);
  const id = idOf();
  const wish = readWish(request);
  return sendContent(request, () => loadFile(request, id, scope), wish);
}

export function readWish(request: TableRequest): Wish {
  const parameters = readQuery(request, ["use", "preset"]);
  const use = parameters.get("use") ?? "download";
  if (use !== "download" && use !== "show") throw invalidField("use", "must be download or show", "enum");
  return { use, preset: parameters.get("preset") ?? null };
}
