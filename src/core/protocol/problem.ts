/**
 * Fault → problem+json (RFC 9457; [HT70]), by the table of `problem-table.ts`. Pure; called by the edge, by the live wire, and by the errors
 * an application throws.
 */

import type { FaultData, FaultSlug } from "../fault.ts";
import { PROBLEMS, type ProblemSpec } from "./problem-table.ts";

/** What a problem says about where it happened. */
export interface ProblemPlace {
  /** Path of the request. */
  readonly instance: string;
  readonly requestId: string;
}

/** A problem as data, ready to be sent. Header names are in lower case. */
export interface ProblemReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The problem of a fault. `detail` overrides the text of an `internal-error` while developing. */
export function problemReply(fault: FaultData, place: ProblemPlace, detail?: string): ProblemReply {
  const {
    slug,
    detail: ownDetail,
    allow: _allow,
    ...extras
  } = fault as FaultData & { readonly detail?: string; readonly allow?: unknown };
  // The table pairs every slug with functions of its own arm; TypeScript cannot follow that through an index.
  const spec = PROBLEMS[slug] as ProblemSpec<never>;
  const given = detail ?? ownDetail ?? spec.detail?.(fault as never);
  const problem = {
    type: `/_/problems/${slug}`,
    title: spec.title,
    status: spec.status,
    ...(given === undefined ? {} : { detail: given }),
    code: problemCode(slug),
    instance: place.instance,
    requestId: place.requestId,
    ...extras,
  };
  const headers = { "content-type": "application/problem+json", ...spec.headers?.(fault as never) };
  return { status: spec.status, headers, body: JSON.stringify(problem) };
}

/** The slug in capitals with underscores: what clients decide on. */
export function problemCode(slug: FaultSlug): string {
  return slug.toUpperCase().replaceAll("-", "_");
}
