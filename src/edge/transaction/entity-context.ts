/**
 * `createEntityContext(driver)`: operations by name of the table, for handlers that do not care where rows live ([TX11]). The driver is
 * the set of objects, or a twin in memory for tests.
 */

import type { ImperativeOptions } from "./imperative.ts";
import type { ListInput, LooseRow, Tx, Written } from "./tx.ts";
import type { WhereInput } from "./where-input.ts";

export interface EntityDriver {
  create(entity: string, data: object): Promise<LooseRow>;
  /** The first row, or null. */
  findOne(entity: string, where: WhereInput): Promise<LooseRow | null>;
  /** At most 100 rows. */
  findMany(entity: string, where?: WhereInput, options?: ListInput): Promise<readonly LooseRow[]>;
  /** All matching rows in scope. */
  update(entity: string, where: Exclude<WhereInput, string>, data: object): Promise<Written>;
  delete(entity: string, where: Exclude<WhereInput, string>): Promise<Written>;
  transaction<T, Names extends string = string>(
    callback: (tx: Tx<Names>) => Promise<T>,
    options?: ImperativeOptions,
  ): Promise<T>;
}

export type EntityContext = Readonly<EntityDriver>;

export function createEntityContext(driver: EntityDriver): EntityContext {
  return {
    create: (entity, data) => driver.create(entity, data),
    findOne: (entity, where) => driver.findOne(entity, where),
    findMany: (entity, where, options) => driver.findMany(entity, where, options),
    update: (entity, where, data) => driver.update(entity, where, data),
    delete: (entity, where) => driver.delete(entity, where),
    transaction: (callback, options) => driver.transaction(callback, options),
  };
}
