/**
 * `ledge/client/react/files`: hooks for files ([RH8]), over the uploads of `ledge/client/files` and the live store. An entry of its own, so
 * that an application without files does not carry them. They stand under the same `LedgeProvider` as all hooks.
 */

export { type ShownFile, useFile } from "./use-file.ts";
export { type FileUploads, useFileUpload } from "./use-file-upload.ts";
export { type FileList, useFiles } from "./use-files.ts";
