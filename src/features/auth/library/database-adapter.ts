/**
 * The library's database: D1, through statements of our own. D1 has no transactions across calls, so what the library does in one is
 * gathered and sent as one batch, which D1 runs as a whole or not at all: a crash leaves all of a sign-up or none. Reads inside see
 * what was there before. Called by library.ts only.
 */

import type { BetterAuthOptions, DBAdapter } from "better-auth";
import { createAdapterFactory } from "better-auth/adapters";
import {
  type Condition,
  count,
  demand,
  insert,
  readRow,
  remove,
  type Statement,
  select,
  update,
  type Values,
} from "./d1-statements.ts";

type Where = readonly Condition[] | undefined;

/** A sign-up that is written. */
export interface SigningUp {
  /** Whether it waits for its mail. */
  readonly isPending: boolean;
  /** Id of an earlier one that still waits: as if it were not there, and gone with the same batch, with all that hangs on it. */
  readonly replaces: string | null;
}

export function databaseAdapter(database: D1Database, signingUp: SigningUp | null) {
  return (options: BetterAuthOptions) => adapterOver(database, options, signingUp, null);
}

/** `gathered` takes the writes of a transaction; null outside of one. */
function adapterOver(
  database: D1Database,
  options: BetterAuthOptions,
  signingUp: SigningUp | null,
  gathered: Statement[] | null,
): DBAdapter {
  const replaces = signingUp?.replaces ?? null;
  const prepare = ({ sql, parameters }: Statement) => database.prepare(sql).bind(...parameters);
  /** Rows written: known at once, except in a transaction. */
  const write = async (statement: Statement): Promise<number> => {
    if (gathered !== null) {
      gathered.push(statement);
      return 1;
    }
    return (await prepare(statement).run()).meta.changes;
  };
  const find = async (model: string, statement: Statement) =>
    (await prepare(statement).all<Values>()).results.map((row) => readRow(model, row));
  const findFirst = async (model: string, where: Where = []) =>
    (await find(model, select(model, where, { limit: 1 })))[0] ?? null;

  return createAdapterFactory({
    config: {
      adapterId: "ledge-d1",
      supportsBooleans: true,
      supportsDates: true,
      supportsJSON: false,
      supportsNumericIds: false,
      transaction:
        gathered !== null
          ? false
          : async (run) => {
              const statements: Statement[] = [];
              const result = await run(adapterOver(database, options, signingUp, statements));
              if (statements.length === 0) return result;
              // Unless its mail was followed meanwhile: then the new one fails, as for any known address.
              const stillPending: Condition[] = [
                { field: "id", value: replaces },
                { field: "isPending", value: true },
              ];
              if (replaces !== null) statements.unshift(remove("user", stillPending));
              await database.batch(statements.map(prepare));
              return result;
            },
    },
    adapter: () => {
      return {
        create: async ({ model, data }) => {
          const row = model === "user" && signingUp !== null ? { ...data, isPending: signingUp.isPending } : data;
          await write(insert(model, row));
          // A link to a new password that the owner of the mailbox has asked for meanwhile: it is theirs, whoever signed up.
          if (model === "user" && replaces !== null)
            await write(update("verification", [{ field: "value", value: replaces }], { value: data.id }));
          return data;
        },
        findOne: async ({ model, where, join }) => {
          if (model === "user" && join?.account !== undefined) return (await findUserWithAccounts(where)) as never;
          const found = await findFirst(model, where);
          return (model === "user" && replaces !== null && found?.id === replaces ? null : found) as never;
        },
        findMany: async ({ model, where, limit, sortBy }) =>
          (await find(
            model,
            select(model, where ?? [], { limit, ...(sortBy === undefined ? {} : { sortBy }) }),
          )) as never,
        update: async ({ model, where, update: patch }) => {
          const before = await findFirst(model, where);
          if (before === null) return null;
          await write(update(model, where, patch as Values));
          return { ...before, ...(patch as Values) } as never;
        },
        updateMany: async ({ model, where, update: patch }) => write(update(model, where, patch)),
        delete: async ({ model, where }) => void (await write(remove(model, where))),
        deleteMany: async ({ model, where }) => write(remove(model, where)),
        count: async ({ model, where }) => Number((await prepare(count(model, where ?? [])).first("count")) ?? 0),
        // In a transaction the batch fails if somebody else was faster.
        consumeOne: async ({ model, where }) => {
          const row = await findFirst(model, where);
          if (row === null) return null;
          const one: Condition[] = [{ field: "id", value: row.id }];
          if (gathered !== null) gathered.push(demand(model, one));
          const removed = await write(remove(model, one));
          return (removed === 1 ? row : null) as never;
        },
      };
    },
  })(options);

  /** In one round trip, so that a known address takes as long as an unknown one. */
  async function findUserWithAccounts(where: readonly Condition[]) {
    const user = select("user", where, { limit: 1 });
    const [found, owned] = await database.batch<Values>([
      prepare(user),
      database
        .prepare(`SELECT * FROM auth_accounts WHERE user_id IN (SELECT id FROM (${user.sql}))`)
        .bind(...user.parameters),
    ]);
    const [row] = found?.results ?? [];
    if (row === undefined) return null;
    return { ...readRow("user", row), account: (owned?.results ?? []).map((each) => readRow("account", each)) };
  }
}
