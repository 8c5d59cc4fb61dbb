/** The register of an application's objects, to be asked. */

import { registryName } from "../core/protocol/registry-name.ts";
import type { LedgeEnv } from "./env.ts";

export function registryOf({ LEDGE_TABLES }: Pick<LedgeEnv, "LEDGE_TABLES">, app: string) {
  return LEDGE_TABLES.getByName(registryName(app));
}
