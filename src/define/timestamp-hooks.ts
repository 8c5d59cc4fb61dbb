/**
 * `timestampHooks()` ([HK3]): fills `createdAt` and `updatedAt`, and on request the owner, inside the transaction: a write stays
 * one call to the object. A replaced row keeps when, and by whom, it was created.
 */

import type { Hooks, WriteChange } from "./hooks.ts";

export interface TimestampOptions {
  /** Columns; a table without one of them is served all the same. Defaults: `createdAt`, `updatedAt`. */
  readonly createdAt?: string;
  readonly updatedAt?: string;
  /** A column that gets the id of the user who creates the row. */
  readonly owner?: string;
  /** `s` for columns in `timestamp` mode, which hold whole seconds. Default: `ms`. */
  readonly unit?: "ms" | "s";
}

export function timestampHooks<R>({
  createdAt = "createdAt",
  updatedAt = "updatedAt",
  owner,
  unit = "ms",
}: TimestampOptions = {}): Hooks<R> {
  return {
    onWrite(tx, { op, before, after }: WriteChange<R>) {
      if (op === "delete" || after === null) return undefined;
      const now = new Date(unit === "s" ? Math.trunc(tx.now / 1000) * 1000 : tx.now).toISOString();
      const was = before as Readonly<Record<string, unknown>> | null;
      const patch: Record<string, unknown> = { [updatedAt]: now, [createdAt]: was === null ? now : was[createdAt] };
      if (owner !== undefined && (was !== null || tx.user.kind === "user")) {
        patch[owner] = was === null ? (tx.user.kind === "user" ? tx.user.id : undefined) : was[owner];
      }
      const known = Object.entries(patch).filter(
        ([name, value]) => value !== undefined && Object.hasOwn(after as object, name),
      );
      return Object.fromEntries(known) as Partial<R>;
    },
  };
}
