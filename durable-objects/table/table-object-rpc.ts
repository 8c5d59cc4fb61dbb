/**
 * What Workers and other objects may call on a table object, and what it is given by the platform. Whatever has fields of its own crosses as text,
 * read by one schema at the door; faults cross as data. Carried out by `table-object.ts`.
 */

import type { ObjectName } from "../../src/core/ids.ts";
import type { AccessEnded } from "../../src/core/scope/access-ended.ts";
import type { Follower } from "./followers.ts";
import type { RegisterPage, Registration, RegistryAnswer } from "./registry.ts";

export interface ObjectEnv {
  readonly LEDGE_TABLES: DurableObjectNamespace<TableObjectRpc>;
  readonly LEDGE_ENV?: string;
  readonly LEDGE_SECRET?: string;
  readonly LEDGE_LOG_LEVEL?: string;
}

export interface Pong {
  readonly failing: readonly ObjectName[];
}

export interface TableObjectRpc extends Rpc.DurableObjectBranded {
  /** Takes a call and gives its reply, both as text (`src/core/protocol/wire.ts`). */
  call(text: string): string | Promise<string>;
  ping(): Promise<Pong>;
  register(registration: Registration): Promise<RegistryAnswer>;
  objects(page?: RegisterPage): Promise<readonly Registration[]>;
  objectOf(epoch: string): Promise<ObjectName | null>;
  isRegistered(object: ObjectName): Promise<boolean>;
  holdsRows(table: string): Promise<boolean>;
  agree(text: string): Promise<string>;
  pull(text: string): Promise<string>;
  newsTaken(text: string): Promise<void>;
  follow(follower: Follower): Promise<AccessEnded["kind"] | null>;
  accessEnded(ended: AccessEnded): Promise<void>;
  endSockets(ended: AccessEnded): Promise<boolean>;
  usedRows(text: string): Promise<string>;
  usedRowsChanged(text: string): Promise<readonly boolean[]>;
}
