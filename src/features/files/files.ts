/**
 * The feature `files`, and the public entry `ledge/files`: tables whose rows have bytes in R2. One line in src/app.ts, `features: [files()]`,
 * and `fileResource` in place of `resource` for each such table; an application without them loads nothing of it.
 */

import type { RowId } from "../../core/ids.ts";
import type { Feature } from "../../edge/app-options.ts";
import { rowIdOf } from "../../edge/endpoints/open-table.ts";
import type { TableRequest } from "../../edge/exchange.ts";
import type { Params } from "../../edge/router.ts";
import { checkBucket } from "./bucket.ts";
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
export { type FileOptions, fileResource } from "./file-resource.ts";

/** The id is read where its step comes: after the caller's rights, before the rest. */
type OnRow = (request: TableRequest, idOf: () => RowId, params: Params) => Promise<Response>;

export function files(): Feature {
  const at = (method: string, path: `/:id/${string}`, endpoint: OnRow) => ({
    method,
    path,
    isOffered: isFileResource,
    run: (request: TableRequest, params: Params) => endpoint(request, () => rowIdOf(request, params), params),
  });
  return {
    name: "files",
    tableEndpoints: [
      at("PUT", "/:id/content", uploadContent),
      { ...at("GET", "/:id/content", downloadContent), direct: downloadByLink },
      at("POST", "/:id/link", makeLink),
      at("POST", "/:id/upload", beginParts),
      at("GET", "/:id/upload", showParts),
      at("DELETE", "/:id/upload", endUpload),
      at("POST", "/:id/upload/complete", finishParts),
      at("PUT", "/:id/upload/:part", uploadPart),
    ],
    routes: (route) => route("POST", "/_/files/sweep", sweepStep),
    effects: { [RELEASE]: releaseBlob, [EXPIRE]: expireUpload },
    health: checkBucket,
  };
}
