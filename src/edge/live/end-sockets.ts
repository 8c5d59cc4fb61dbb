/**
 * Sockets and streams of a caller whose access has ended are closed at once ([RV6]): the registry knows which objects the person has some
 * in, and tells those.
 */

import { objectName } from "../../core/ids.ts";
import { REGISTRY_GROUP } from "../../core/protocol/live-opening.ts";
import type { AccessListener } from "../access-ended.ts";

export const endSockets: AccessListener = async (ended, { edge, env }) => {
  const registry = env.LEDGE_TABLES.getByName(objectName(edge.definition.name, REGISTRY_GROUP, null));
  await registry.accessEnded(ended);
};
