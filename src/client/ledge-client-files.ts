/**
 * `ledge/client/files`: uploads of files with progress, pause, resume and abort, all uploads under way as a store, and what else there is
 * to do with files, for any client, e.g. one that signs in. An entry of its own, so that whoever uploads nothing does not carry it. No
 * DOM: a file is whatever has a size and can be sliced.
 */

export {
  attachmentPath,
  copyFile,
  downloadPath,
  downloadUrl,
  type InPartition,
  linkAttachment,
  linkFile,
  listAttachments,
  moveFile,
  putAttachment,
  removeAttachment,
  type ShownAs,
} from "./files/file-requests.ts";
export type { BytesLike } from "./files/file-source.ts";
export { type FileUpload, type UploadOptions, type UploadProgress, uploadFile } from "./files/upload-file.ts";
export { createUploads, type UploadItem, type Uploads } from "./files/uploads.ts";
