/**
 * Sockets and streams of a caller whose access has ended are closed at once ([RV6]): the registry knows which objects the person has some
 * in, and tells those.
 */

import type { AccessListener } from "../access-ended.ts";
import { registryOf } from "../registry-of.ts";

export const endSockets: AccessListener = async (ended, { edge, env }) => {
  await registryOf(env, edge.definition.name).accessEnded(ended);
};
