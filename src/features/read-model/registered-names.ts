/** The register of objects, in pages: what a walk over all of them asks, so that none reads it whole at each step. */

import type { ObjectName } from "../../core/ids.ts";
import { registryOf } from "../../edge/registry-of.ts";
import type { Consumer } from "./follow-object.ts";

/** The next names below `root`, which is a name without its last parts, behind `after`; fewer than `limit` where there are no more. */
export async function registeredNames(
  { env, projection }: Pick<Consumer, "env" | "projection">,
  root: string,
  after: string,
  limit: number,
): Promise<readonly ObjectName[]> {
  // "0" is what comes behind "/".
  const before = `${root}0`;
  const from = after || `${root}/`;
  const page = await registryOf(env, projection.app).objects({ after: from, before, limit });
  // A register that still runs the version before answers with all there are.
  const names = page.map(({ object }) => object).filter((name) => name > from && name < before);
  return names.slice(0, limit);
}
