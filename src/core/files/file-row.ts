/**
 * What a row of a file table says of its bytes, beside the application's own columns. `pending`: announced, no bytes yet, out of sight.
 * `stored`: `blobKey` names the bytes. While bytes are on their way, `uploadKey` names where they go, written down before the
 * first of them is: no byte ever lies where no row says so.
 */

import { isJsonObject, type Json } from "../json.ts";
import type { Row } from "../schema/table-spec.ts";

export type FileStatus = "pending" | "stored";

export interface FileRow {
  readonly status: FileStatus;
  readonly name: string;
  /** Media type without parameters, in lower case: `image/png`. */
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  /** `sha256:<hex>` of the bytes; of an upload in parts `sha256-<part bytes>:<hex>`, over the digests of its parts. */
  readonly hash: string | null;
  readonly blobKey: string | null;
  readonly uploadKey: string | null;
  readonly upload: Upload | null;
}

/** An upload under way, or announced. */
export interface Upload {
  /** Id of the user who announced it; null for anonymous callers. Nobody else may go on with it. */
  readonly by: string | null;
  /** When the row was announced (ms since 1970): what ends an announcement ends this one alone. Absent in rows that are stored. */
  readonly announcedMs?: number;
  /** Until when bytes may still arrive under `uploadKey` (ms since 1970). */
  readonly untilMs?: number;
  readonly parts?: PartUpload;
}

export interface PartUpload {
  /** The bucket's id of it. */
  readonly id: string;
  /** Of the file as a whole, as it will be. */
  readonly size: number;
  readonly type: string;
  readonly partBytes: number;
  readonly done: readonly Part[];
  /** All parts are there and are being put together: none may be sent again. */
  readonly isSealed?: true;
}

/** One part that has arrived. */
export interface Part {
  /** From 1. */
  readonly number: number;
  readonly size: number;
  /** SHA-256 in hex. */
  readonly sha256: string;
  /** The bucket's tag of it, which completes the upload. */
  readonly tag: string;
}

/** The columns of a file in a row, which the table has checked by kind. */
export function readFileRow(row: Row): FileRow {
  const text = (name: string): string | null => (typeof row[name] === "string" ? (row[name] as string) : null);
  return {
    status: row.status === "stored" ? "stored" : "pending",
    name: text("name") ?? "",
    type: text("type") ?? "",
    size: typeof row.size === "number" ? row.size : 0,
    hash: text("hash"),
    blobKey: text("blobKey"),
    uploadKey: text("uploadKey"),
    upload: readUpload(row.upload),
  };
}

function readUpload(value: Json | undefined): Upload | null {
  return value !== undefined && isJsonObject(value) ? (value as unknown as Upload) : null;
}
