/**
 * The ETag that came with a result, kept on it out of sight: it is no column, so copies and JSON of a row do not have it.
 * `etagOf(row)` reads it; `ifMatch: row` means it.
 */

const TAG = Symbol.for("ledge.etag");

/** Marks a result, where there is one, and returns it. */
export function withTag<T extends object | null | undefined>(result: T, etag: string | null): T {
  if (etag !== null && result) Object.defineProperty(result, TAG, { value: etag });
  return result;
}

/** The tag with its quotes, of a row or page as the client returned it, or of a list item (`etags: true`). */
export function etagOf(result: object): string | undefined {
  const { [TAG]: kept, _etag: listed } = result as { readonly [TAG]?: string; readonly _etag?: string };
  return kept ?? listed;
}

/** What `ifVersion` of an item takes: the tag without its quotes. */
export function versionOf(row: object): string | undefined {
  return etagOf(row)?.slice(1, -1);
}
