/**
 * Where the attachments of a row lie: the file table that declares itself attached to the row's table, asked under the row's own rights.
 * Whoever may read the row reads its files, whoever may update it writes them; the scopes of the file table are for its own paths.
 */

import { Fault } from "../../core/fault.ts";
import type { RowId } from "../../core/ids.ts";
import type { JsonObject } from "../../core/json.ts";
import type { ScopeText } from "../../core/protocol/object-call.ts";
import { eq } from "../../core/query/build.ts";
import { printFilter } from "../../core/query/print.ts";
import { ConfigError } from "../../define/config-error.ts";
import type { AnyResource } from "../../define/resource.ts";
import { readObject } from "../../edge/call-object.ts";
import type { TableEntry } from "../../edge/edge.ts";
import { expectAnswer } from "../../edge/endpoints/answer.ts";
import { scopesOf } from "../../edge/endpoints/writes.ts";
import { callHeader, type TableRequest } from "../../edge/exchange.ts";
import { requireScope } from "../../edge/scopes.ts";
import type { AttachedTo } from "./attached.ts";
import { attachmentOf } from "./file-resource.ts";
import { loadFile } from "./row-calls.ts";

type Tables = ReadonlyMap<string, TableEntry>;

/** Whether rows of the table have attachments. Throws where a file table says so and could not keep it. */
export function hasAttachments(resource: AnyResource, tables: Tables): boolean {
  const [first, second] = fileTablesOf(resource, tables);
  if (first === undefined) return false;
  const refuse = (problem: string, mend: string) => new ConfigError(resource.name, undefined, problem, mend);
  if (second !== undefined)
    throw refuse(
      `has attachments in "${first.resource.name}" and in "${second.resource.name}"`,
      "One table holds them.",
    );
  const { spec, name } = first.resource;
  if (spec.group !== resource.spec.group || (spec.partitionBy === null) !== (resource.spec.partitionBy === null))
    throw refuse(`has its attachments in "${name}", in another object`, "Give both tables one `group`.");
  const { foreignKey } = attachmentOf(first.resource) as AttachedTo;
  const goesAlong = Object.values(resource.config.relations ?? {}).some(
    (relation) =>
      relation.type !== "manyToMany" &&
      relation.resource === name &&
      relation.foreignKey === foreignKey &&
      relation.onDelete === "cascade",
  );
  if (!goesAlong)
    throw refuse(
      `has attachments that would stay when a row goes`,
      `Add to its relations: attachments: { type: "hasMany", resource: "${name}", foreignKey: "${foreignKey}", onDelete: "cascade" }.`,
    );
  return true;
}

export interface Attachments {
  /** The same request, to the file table. */
  readonly request: TableRequest;
  /** Every row is to have these columns: the row that it is attached to. */
  readonly columns: JsonObject;
  /** The files of the row, and no others. */
  readonly scope: ScopeText;
  /** Of these, what was announced and is not stored. */
  readonly unsent: ScopeText;
}

/** The attachments of a row that the caller may read, or update; 404, 401 or 403 otherwise. */
export async function openAttachments(
  request: TableRequest,
  idOf: () => RowId,
  right: "read" | "update",
): Promise<Attachments> {
  const [read, allowed] = await scopesOf(request, "read", right);
  requireScope(allowed, request.principal, right);
  const id = idOf();
  await loadFile(request, id, read, allowed);
  const [entry] = fileTablesOf(request.entry.resource, request.edge.tables);
  if (entry === undefined) throw new Fault({ slug: "not-found" });
  const { foreignKey } = attachmentOf(entry.resource) as AttachedTo;
  const scope = printFilter(eq(foreignKey, id));
  const unsent = `${scope};status=="pending"`;
  return { request: { ...request, entry }, columns: { [foreignKey]: id }, scope, unsent };
}

/** As the list of the file table shows them, by name; `filter` narrows it. */
export async function listAttachments({ request, scope }: Attachments, filter: string): Promise<string> {
  const { primaryKey } = request.entry.resource.spec;
  const reply = await readObject(request, {
    ...callHeader(request),
    op: "list",
    scope,
    filter,
    orderBy: [
      { field: "name", direction: "asc" },
      { field: primaryKey, direction: "asc" },
    ],
    limit: 100,
    offset: 0,
    after: null,
    totalCount: false,
    isExplained: false,
    withDeleted: null,
    select: null,
    etags: false,
    conditions: {},
  });
  return expectAnswer(reply).body ?? "";
}

/** The id under which a name is attached, stored or else announced; null: none. For a moment there are both: an earlier announcement, and what took its place. */
export async function attachmentNamed(attachments: Attachments, name: string): Promise<RowId | null> {
  const { items } = JSON.parse(await listAttachments(attachments, printFilter(eq("name", name)))) as {
    readonly items: readonly Record<string, RowId>[];
  };
  const found = items.find(({ status }) => status === "stored") ?? items[0];
  return found?.[attachments.request.entry.resource.spec.primaryKey] ?? null;
}

function fileTablesOf(resource: AnyResource, tables: Tables): TableEntry[] {
  return [...tables.values()].filter((entry) => attachmentOf(entry.resource)?.resource === resource.name);
}
