/** Whether a row holds a key: for its bytes, or for an upload. A key that none holds is held by none ever after. */

import type { ObjectName } from "../../core/ids.ts";
import { askObject, headerFor } from "./object-client.ts";

export async function isHeld(env: unknown, object: ObjectName, table: string, key: string): Promise<boolean> {
  const text = JSON.stringify(key);
  const reply = await askObject(env, {
    ...headerFor(object, table),
    op: "count",
    scope: "*",
    filter: `blobKey==${text},uploadKey==${text}`,
    // Rows that are deleted softly keep their bytes.
    withDeleted: { scope: "*" },
    limit: 1,
    conditions: {},
  });
  if (reply.kind !== "answer" || reply.body === null) throw new Error(`${object} did not say who holds ${key}`);
  return (JSON.parse(reply.body) as { readonly count: number }).count > 0;
}
