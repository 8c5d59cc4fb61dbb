/**
 * Conditions and ranges of a download (RFC 9110 sections 13 and 14; [HT35]): which of 200, 206, 304, 412 and 416 a request for stored
 * bytes gets. Bytes never change under a tag, so tags are strong and a range can rest on one. Several ranges at once get the whole.
 */

import { matchesStrongly, matchesWeakly, type TagCondition } from "../protocol/etag.ts";

export interface StoredContent {
  readonly size: number;
  /** Without quotes. */
  readonly tag: string;
  /** Whole seconds since 1970. */
  readonly storedAtS: number;
}

/** Headers as they came; conditions on tags are parsed. Dates in seconds, null where absent or unreadable. */
export interface ContentRequest {
  readonly ifMatch: TagCondition | null;
  readonly ifNoneMatch: TagCondition | null;
  readonly ifModifiedSinceS: number | null;
  readonly ifUnmodifiedSinceS: number | null;
  readonly ifRange: string | null;
  /** What `If-Range` says when it is a date. */
  readonly ifRangeS: number | null;
  readonly range: string | null;
}

export type ContentAnswer =
  | { readonly status: 200 }
  | { readonly status: 206; readonly offset: number; readonly length: number }
  | { readonly status: 304 | 412 | 416 };

export function answerContent(request: ContentRequest, content: StoredContent): ContentAnswer {
  const { ifMatch, ifNoneMatch, ifModifiedSinceS, ifUnmodifiedSinceS } = request;
  if (ifMatch !== null) {
    if (!matchesStrongly(ifMatch, content.tag)) return { status: 412 };
  } else if (ifUnmodifiedSinceS !== null && content.storedAtS > ifUnmodifiedSinceS) return { status: 412 };
  if (ifNoneMatch !== null) {
    if (matchesWeakly(ifNoneMatch, content.tag)) return { status: 304 };
  } else if (ifModifiedSinceS !== null && content.storedAtS <= ifModifiedSinceS) return { status: 304 };
  if (request.range === null || !rangeHolds(request, content)) return { status: 200 };
  return answerRange(request.range, content.size);
}

function rangeHolds({ ifRange, ifRangeS }: ContentRequest, content: StoredContent): boolean {
  if (ifRange === null) return true;
  return ifRangeS === null ? ifRange.trim() === `"${content.tag}"` : ifRangeS === content.storedAtS;
}

const RANGE = /^bytes[ \t]*=[ \t]*(?:([0-9]+)-([0-9]*)|-([0-9]+))[ \t]*$/i;

/** Another unit, a malformed range or a list of them is passed over, as RFC 9110 14.2 allows. */
function answerRange(text: string, size: number): ContentAnswer {
  const found = RANGE.exec(text);
  if (found === null) return { status: 200 };
  const [, first, last, suffix] = found;
  if (suffix !== undefined) {
    const length = Math.min(Number(suffix), size);
    return length === 0 ? { status: 416 } : { status: 206, offset: size - length, length };
  }
  const offset = Number(first);
  const end = last === undefined || last === "" ? size - 1 : Number(last);
  if (end < offset && last !== "") return { status: 200 };
  if (offset >= size) return { status: 416 };
  return { status: 206, offset, length: Math.min(end, size - 1) - offset + 1 };
}
