/**
 * The feature `files`, and the public entry `ledge/files`: tables whose rows have bytes in R2. One line in src/app.ts, `features: [files()]`,
 * and `fileResource` in place of `resource` for each such table; an application without them loads nothing of it.
 */

import type { RowId } from "../../core/ids.ts";
import type { Feature, TableEndpoint } from "../../edge/app-options.ts";
import type { Answer } from "../../edge/endpoint.ts";
import { rowIdOf } from "../../edge/endpoints/open-table.ts";
import type { TableRequest } from "../../edge/exchange.ts";
import type { Params } from "../../edge/router.ts";
import { hasAttachments } from "./attachments-of.ts";
import { checkBucket, type MakeStorage, setStorage } from "./bucket.ts";
import {
  linkAttachment,
  putAttachment,
  readAttachment,
  removeAttachment,
  showAttachments,
} from "./endpoints/attachments.ts";
import { copyFile, moveFile } from "./endpoints/copy.ts";
import { downloadContent } from "./endpoints/download.ts";
import { downloadByLink, makeLink } from "./endpoints/link.ts";
import { beginParts, endUpload, finishParts, showParts, uploadPart } from "./endpoints/parts.ts";
import { sweepStep } from "./endpoints/sweep.ts";
import { uploadContent } from "./endpoints/upload.ts";
import { expireUpload } from "./expire-upload.ts";
import { EXPIRE, RELEASE } from "./file-hooks.ts";
import { isFileResource } from "./file-resource.ts";
import { releaseBlob } from "./release-blob.ts";

export { fileColumns, fileIndexes } from "./file-columns.ts";
export { documentFiles, imageFiles } from "./file-presets.ts";
export { type FileOptions, fileResource } from "./file-resource.ts";
export { memoryStorage } from "./memory-storage.ts";
export { s3Storage } from "./s3-storage.ts";
export type { StorageAdapter, StoragePartUpload } from "./storage-adapter.ts";

/** The id is read where its step comes: after the caller's rights, before the rest. */
type OnRow = (request: TableRequest, idOf: () => RowId, params: Params) => Promise<Answer>;

export interface FilesOptions {
  /** Where bytes are, if no bucket is bound as `LEDGE_FILES`: `s3Storage`, or a function like it. */
  readonly storage?: MakeStorage;
}

export function files({ storage }: FilesOptions = {}): Feature {
  setStorage(storage);
  const on =
    (isOffered: TableEndpoint["isOffered"]) =>
    (method: string, path: `/:id/${string}`, endpoint: OnRow): TableEndpoint => ({
      method,
      path,
      isOffered,
      run: (request, params) => endpoint(request, () => rowIdOf(request, params), params),
    });
  const [at, onRow] = [on(isFileResource), on(hasAttachments)];
  return {
    name: "files",
    tableEndpoints: [
      at("PUT", "/:id/content", uploadContent),
      { ...at("GET", "/:id/content", downloadContent), direct: downloadByLink },
      at("POST", "/:id/link", makeLink),
      at("POST", "/:id/copy", copyFile),
      at("POST", "/:id/move", moveFile),
      at("POST", "/:id/upload", beginParts),
      at("GET", "/:id/upload", showParts),
      at("DELETE", "/:id/upload", endUpload),
      at("POST", "/:id/upload/complete", finishParts),
      at("PUT", "/:id/upload/:part", uploadPart),
      onRow("GET", "/:id/attachments", showAttachments),
      onRow("GET", "/:id/attachments/:name", readAttachment),
      onRow("POST", "/:id/attachments/:name/link", linkAttachment),
      onRow("PUT", "/:id/attachments/:name", putAttachment),
      onRow("DELETE", "/:id/attachments/:name", removeAttachment),
    ],
    routes: (route) => route("POST", "/_/files/sweep", sweepStep),
    effects: { [RELEASE]: releaseBlob, [EXPIRE]: expireUpload },
    health: checkBucket,
  };
}
