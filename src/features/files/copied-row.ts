/** The columns of a copy: what the caller sees and may write of the source, with what is to differ. Type and size are those of the bytes. */

import { type FieldError, invalid } from "../../core/fault.ts";
import type { FileRow } from "../../core/files/file-row.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { Row, TableSpec } from "../../core/schema/table-spec.ts";
import { takeWritable } from "../../core/schema/validate-draft.ts";
import { FILE_COLUMNS } from "./file-columns.ts";

export function copiedRow(
  spec: TableSpec,
  { row, file }: { readonly row: Row; readonly file: FileRow },
  given: JsonObject,
): Record<string, Json> {
  const { primaryKey, partitionBy } = spec;
  const taken = takeWritable(spec, given, { kind: "create", id: null, partition: null });
  const errors: FieldError[] = [...taken.errors];
  for (const name of ["type", "size"] as const)
    if (given[name] !== undefined && given[name] !== file[name])
      errors.push({ field: name, message: "is that of the bytes", code: "file" });
  if (errors.length > 0) throw invalid(errors);
  const own = new Set<string>([primaryKey, partitionBy ?? "", ...FILE_COLUMNS]);
  const copied = spec.columns.filter(({ name, writable, readable }) => writable && readable && !own.has(name));
  return {
    ...Object.fromEntries(copied.map(({ name }) => [name, row[name] ?? null])),
    ...taken.draft,
    ...(taken.id === undefined ? {} : { [primaryKey]: taken.id }),
    name: taken.draft.name ?? file.name,
    type: file.type,
    size: file.size,
  };
}
