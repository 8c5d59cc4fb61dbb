/**
 * What files ask of the place that holds their bytes ([FS1]): a bucket whose objects appear whole or not at all, with uploads in parts. R2, bound
 * as `LEDGE_FILES`, is one as it is; whatever else has these methods may be put in its place. Failures are thrown.
 */

export interface StorageAdapter {
  head(key: string): Promise<{ readonly size: number } | null>;
  /** The whole, or a range that lies within it. */
  get(
    key: string,
    options?: { readonly range?: { readonly offset: number; readonly length: number } },
  ): Promise<{ readonly body: ReadableStream<Uint8Array> } | null>;
  /** Nothing is there under the key before the last byte has arrived; a stream that fails leaves what was there. */
  put(
    key: string,
    body: ReadableStream<Uint8Array>,
    options?: { readonly httpMetadata?: { readonly contentType?: string } },
  ): Promise<unknown>;
  /** What is not there is gone already. */
  delete(keys: string | string[]): Promise<void>;
  /** In order of keys. */
  list(options: {
    readonly prefix: string;
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<
    { readonly objects: readonly { readonly key: string }[] } & (
      | { readonly truncated: false }
      | { readonly truncated: true; readonly cursor: string }
    )
  >;
  createMultipartUpload(
    key: string,
    options?: { readonly httpMetadata?: { readonly contentType?: string } },
  ): Promise<{ readonly uploadId: string }>;
  /** Looks for nothing; an upload that is over is told of by the methods, with an error that says `(10024)`. */
  resumeMultipartUpload(key: string, uploadId: string): StoragePartUpload;
}

export interface StoragePartUpload {
  /** One that is sent again takes the place of the former. */
  uploadPart(number: number, body: ReadableStream<Uint8Array>): Promise<{ readonly etag: string }>;
  /** Parts in their order; one that is not as listed is told of with `(10025)`. */
  complete(parts: { readonly partNumber: number; readonly etag: string }[]): Promise<unknown>;
  abort(): Promise<void>;
}
