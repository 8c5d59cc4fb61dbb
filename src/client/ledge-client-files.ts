/**
 * `ledge/client/files`: uploads of files with progress, pause, resume and abort, for any client, e.g. one that signs in. An entry of its
 * own, so that whoever uploads nothing does not carry it. No DOM: a file is whatever has a size and can be sliced.
 */

export type { BytesLike } from "./file-source.ts";
export { downloadPath, type FileUpload, type UploadOptions, type UploadProgress, uploadFile } from "./upload-file.ts";
