/**
 * `fileResource(table, config)`: a resource whose rows have bytes. The same configuration as `resource`, with `file: { maxBytes, types … }`
 * beside it; the columns come from `fileColumns()`. It is an ordinary resource afterwards: scopes, filters, live queries, transactions.
 */

import { getTableColumns, getTableName } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { FileRules } from "../../core/files/file-rules.ts";
import { type FullPreset, fullPreset, type ImagePreset, presetProblem } from "../../core/files/image-preset.ts";
import { MAX_PARTED_BYTES } from "../../core/files/part-plan.ts";
import type { Row } from "../../core/schema/table-spec.ts";
import type { ColumnFlags, Relation, ResourceConfig } from "../../define/config.ts";
import { ConfigError, declaringFile } from "../../define/config-error.ts";
import type { Hooks } from "../../define/hooks.ts";
import {
  type AnyResource,
  type NoRelations,
  type Resource,
  resource,
  type StatedConfig,
  type StatedTraits,
} from "../../define/resource.ts";
import type { ColumnName } from "../../define/row-types.ts";
import type { AttachedTo } from "./attached.ts";
import { FILE_COLUMNS, HIDDEN_COLUMNS, UPLOAD_COLUMNS } from "./file-columns.ts";
import { fileHooks } from "./file-hooks.ts";
import { storedOnly } from "./stored-only.ts";

const MINUTE_MS = 60_000;
const DEFAULT_MAX_BYTES = 25 * 1_048_576;
const DEFAULT_ATTACHED = 20;
/** They are listed on one page. */
const MAX_ATTACHED = 100;

export interface FileOptions {
  /** Largest file. Default: 25 MB. */
  readonly maxBytes?: number;
  /** `["image/*", "application/pdf"]`. Default: every type. */
  readonly types?: readonly string[];
  /** Refused although `types` would take them. */
  readonly blockedTypes?: readonly string[];
  /** How long an announced file may wait for its bytes. Default: 24 hours. */
  readonly expiresMs?: number;
  /** How long one request may send bytes. Default: 15 minutes. */
  readonly requestMs?: number;
  /** Of images: the largest taken, in pixels, and sizes offered with `?preset=<name>`, which needs the Images binding. */
  readonly images?: {
    readonly maxWidth?: number;
    readonly maxHeight?: number;
    readonly presets?: { readonly [name: string]: ImagePreset };
  };
  /** Offers the files by name below rows of another table of the same object; `max` files a row, 20 unless given. */
  readonly attachedTo?: { readonly resource: string; readonly foreignKey: string; readonly max?: number };
}

type FileConfig<T extends SQLiteTable> = ResourceConfig<T> & { readonly file?: FileOptions };

interface FileTraits {
  readonly rules: FileRules;
  readonly attachedTo: AttachedTo | null;
  readonly presets: ReadonlyMap<string, FullPreset>;
}

const traitsOfTables = new WeakMap<AnyResource, FileTraits>();

export function isFileResource(of: AnyResource): boolean {
  return traitsOfTables.has(of);
}

export function fileRulesOf(of: AnyResource): FileRules {
  const traits = traitsOfTables.get(of);
  if (traits === undefined) throw new TypeError(`"${of.name}" is no file table`);
  return traits.rules;
}

export function presetsOf(of: AnyResource): ReadonlyMap<string, FullPreset> {
  return traitsOfTables.get(of)?.presets ?? new Map();
}

/** Null where the table's files are attached to no rows. */
export function attachmentOf(of: AnyResource): AttachedTo | null {
  return traitsOfTables.get(of)?.attachedTo ?? null;
}

export function fileResource<
  T extends SQLiteTable,
  P extends ColumnName<T> = never,
  F extends ColumnName<T> = never,
  C extends ColumnName<T> = never,
  const R extends Readonly<Record<string, Relation>> = NoRelations,
>(
  table: T,
  config: FileConfig<T> & StatedConfig<T, P, F, C, R> = {},
): Resource<T, T["_"]["name"]> & StatedTraits<P, F | Extract<(typeof UPLOAD_COLUMNS)[number], ColumnName<T>>, C, R> {
  const { file, ...given } = config;
  const plain = given as unknown as ResourceConfig;
  const name = getTableName(table);
  const refuse = (problem: string, mend: string) =>
    new ConfigError(name, declaringFile(new Error().stack), problem, mend);
  const columns = getTableColumns(table);
  const missing = FILE_COLUMNS.filter((column) => !Object.hasOwn(columns, column));
  if (missing.length > 0)
    throw refuse(`has no column "${missing[0]}" for its files`, "Spread ...fileColumns() into its columns.");
  const primaryKey = Object.entries(columns).find(([, column]) => column.primary)?.[0] ?? "id";
  const rules = rulesFrom(file, refuse);
  const attachedTo = attachedFrom(file, columns, refuse);
  const presets = presetsFrom(file, refuse);
  const deletedField = plain.softDelete?.field ?? null;
  const flags: Record<string, ColumnFlags | undefined> = { ...plain.columns };
  for (const column of UPLOAD_COLUMNS) flags[column] = { input: false };
  for (const column of HIDDEN_COLUMNS) flags[column] = { input: false, returned: false };
  const made = resource(table, {
    ...plain,
    ...storedOnly(plain),
    columns: flags,
    hooks: fileHooks({ name, primaryKey, rules, attachedTo, deletedField }, plain.hooks as Hooks<Row> | undefined),
  } as unknown as ResourceConfig<T>);
  traitsOfTables.set(made as unknown as AnyResource, { rules, attachedTo, presets });
  return made as unknown as ReturnType<typeof fileResource<T, P, F, C, R>>;
}

type Refuse = (problem: string, mend: string) => ConfigError;

function attachedFrom({ attachedTo }: FileOptions = {}, columns: object, refuse: Refuse): AttachedTo | null {
  if (attachedTo === undefined) return null;
  const { resource, foreignKey, max = DEFAULT_ATTACHED } = attachedTo;
  if (!Object.hasOwn(columns, foreignKey))
    throw refuse(`attaches files by "${foreignKey}", which is no column`, "Name the column that holds the row's key.");
  if (!Number.isInteger(max) || max < 1 || max > MAX_ATTACHED)
    throw refuse(`file.attachedTo.max is ${max}`, `Give a number of files up to ${MAX_ATTACHED}.`);
  return { resource, foreignKey, max };
}

function presetsFrom({ images }: FileOptions = {}, refuse: Refuse): ReadonlyMap<string, FullPreset> {
  const given = Object.entries(images?.presets ?? {});
  for (const [name, preset] of given) {
    const problem = presetProblem(name, preset);
    if (problem !== null) throw refuse(`file.images: ${problem}`, "Write { thumb: { width: 200, height: 200 } }.");
  }
  return new Map(given.map(([name, preset]) => [name, fullPreset(preset)]));
}

function rulesFrom(options: FileOptions = {}, refuse: Refuse): FileRules {
  const { maxWidth: width, maxHeight: height } = options.images ?? {};
  const rules: FileRules = {
    ...(width === undefined && height === undefined
      ? {}
      : { imageSides: { ...(width === undefined ? {} : { width }), ...(height === undefined ? {} : { height }) } }),
    maxBytes: options.maxBytes ?? DEFAULT_MAX_BYTES,
    types: options.types ?? [],
    blockedTypes: options.blockedTypes ?? [],
    expiresMs: options.expiresMs ?? 24 * 60 * MINUTE_MS,
    requestMs: options.requestMs ?? 15 * MINUTE_MS,
  };
  if (!Number.isSafeInteger(rules.maxBytes) || rules.maxBytes < 1 || rules.maxBytes > MAX_PARTED_BYTES)
    throw refuse(`file.maxBytes is ${rules.maxBytes}`, `Give a number of bytes up to ${MAX_PARTED_BYTES}.`);
  for (const type of [...rules.types, ...rules.blockedTypes]) {
    if (!/^[a-z0-9.+-]+\/(?:\*|[a-z0-9.+-]+)$/.test(type))
      throw refuse(`file.types names "${type}"`, 'Write "image/png" or "image/*", in lower case.');
  }
  if (!(rules.expiresMs > 0) || !(rules.requestMs > 0))
    throw refuse("file.expiresMs and file.requestMs must be above 0", "Give milliseconds.");
  return rules;
}
