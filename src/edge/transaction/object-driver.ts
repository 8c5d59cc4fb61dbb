/** The driver of `EntityContext` that is the set of objects: each operation is a transaction of its own ([TX11]). */

import type { EntityDriver } from "./entity-context.ts";
import { runImperative } from "./imperative.ts";
import type { Origin } from "./origin.ts";

export function objectDriver(origin: Origin): EntityDriver {
  return {
    create: (entity, data) => runImperative(origin, async (tx) => tx.create(entity, data)),
    findOne: (entity, where) => runImperative(origin, async (tx) => tx.findOne(entity, where)),
    findMany: (entity, where, options) => runImperative(origin, async (tx) => tx.findMany(entity, where, options)),
    update: (entity, where, data) => runImperative(origin, async (tx) => tx.update(entity, where, data)),
    delete: (entity, where) => runImperative(origin, async (tx) => tx.delete(entity, where)),
    transaction: (callback, options) => runImperative(origin, callback, options),
  };
}
