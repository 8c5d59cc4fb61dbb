/**
 * What `ledge generate` writes for D1 when somebody changes a copied table and takes it back, or begins to search it: the product's own plans,
 * which the simulation runs while copies are read, followed and built.
 */

import { d1Snapshot } from "../../../src/cli/generate/d1-snapshot.ts";
import { planD1 } from "../../../src/cli/generate/plan-d1.ts";
import type { Snapshot, SnapshotTable } from "../../../src/cli/generate/snapshot.ts";
import { VERSIONS } from "./world.ts";

export interface SchemaStories {
  /** `search` of the cards is added, or taken away. */
  readonly search: readonly string[];
  /** A column is left out of the list and comes back. */
  readonly column: readonly string[];
  /** A table is no longer copied, and is again. */
  readonly table: readonly string[];
}

interface Change {
  readonly isSearched: boolean;
  readonly without?: "size" | "marks";
}

function snapshotOf({ isSearched, without }: Change): Snapshot {
  const sources = [...VERSIONS[0].tables.values()].flatMap((table) => {
    if (table.name === without) return [];
    const projected = { ...table, columns: table.columns.filter(({ name }) => name !== without) };
    const searched = isSearched && table.name === "cards" ? ["text"] : [];
    return [{ projected, table: tableOf(table.name, table.columns), searched, sought: [] }];
  });
  return d1Snapshot({ tables: { rm_copies: tableOf("rm_copies", []) } } as unknown as Snapshot, sources);
}

function tableOf(name: string, columns: readonly { readonly sqlName: string; readonly kind: string }[]): SnapshotTable {
  const described = columns.map(({ sqlName, kind }) => {
    const type = kind === "string" ? "text" : "integer";
    return [sqlName, { name: sqlName, type, primaryKey: false, notNull: false, autoincrement: false }] as const;
  });
  return {
    name,
    columns: Object.fromEntries(described),
    ...{ indexes: {}, foreignKeys: {}, compositePrimaryKeys: {}, uniqueConstraints: {}, checkConstraints: {} },
  };
}

async function plan(from: Change, to: Change): Promise<readonly string[]> {
  const { statements, problems } = await planD1(snapshotOf(from), snapshotOf(to));
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return statements;
}

async function storiesOf(isSearched: boolean): Promise<SchemaStories> {
  const now = { isSearched };
  const back = async (without: "size" | "marks") => [
    ...(await plan(now, { isSearched, without })),
    ...(await plan({ isSearched, without }, now)),
  ];
  return {
    search: await plan(now, { isSearched: !isSearched }),
    column: await back("size"),
    table: await back("marks"),
  };
}

/** While the cards are not searched, and while they are. */
export const SCHEMA_STORIES: readonly [SchemaStories, SchemaStories] = [await storiesOf(false), await storiesOf(true)];
