/** What can be uploaded: a `Blob` or `File` of any platform, or bytes. Only size and slices are asked for, so a large file is read part by part. */

/** The part of Blob and File that is used. */
export interface BlobLike {
  readonly size: number;
  readonly type?: string;
  readonly name?: string;
  slice(start: number, end: number): unknown;
}

export type BytesLike = BlobLike | Uint8Array;

export interface FileSource {
  readonly size: number;
  readonly type: string;
  readonly name: string | undefined;
  /** What fetch takes as a body. */
  slice(start: number, end: number): unknown;
}

/** A media type that says nothing, where the platform does not know one. */
const UNKNOWN = "application/octet-stream";

export function fileSource(given: BytesLike): FileSource {
  if (given instanceof Uint8Array)
    return {
      size: given.byteLength,
      type: UNKNOWN,
      name: undefined,
      slice: (start, end) => given.slice(start, end),
    };
  // Browsers give the type with parameters, and none for what they do not know.
  const type = (given.type ?? "").split(";")[0]?.trim().toLowerCase() || UNKNOWN;
  return { size: given.size, type, name: given.name, slice: (start, end) => given.slice(start, end) };
}
