/**
 * Entity tags and the conditions on them (RFC 9110 section 13; [HT33]–[HT37]). Parsing and comparison only:
 * the object evaluates them in the same turn as the read or write.
 */

import { type Fault, invalidField } from "../fault.ts";
import type { Epoch, Seq } from "../ids.ts";

export interface EntityTag {
  readonly isWeak: boolean;
  /** Without quotes, e.g. `aaaaaaaaaaaaaaaa:41:9f3c2a`. */
  readonly opaque: string;
}

/** `*`, or a list of tags. */
export type TagCondition = { readonly kind: "any" } | { readonly kind: "tags"; readonly tags: readonly EntityTag[] };

/** The tag of a row: `<epoch>:<version>:<shape>`, without quotes. */
export function rowTag(epoch: Epoch, version: Seq, shape: string): string {
  return `${epoch}:${version}:${shape}`;
}

/** The tag of a collection: `<epoch>:<seq>:<hash>`, without quotes; `hash` covers query, scope and shape ([HT34]). */
export function collectionTag(epoch: Epoch, seq: Seq, hash: string): string {
  return `${epoch}:${seq}:${hash}`;
}

/** One member of a list and the comma after it; a member may be empty (RFC 9110 5.6.1). */
const MEMBER = /[ \t]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*)?(?:,|$)/y;

/** Reads `If-Match` or `If-None-Match`; a malformed header is 400 naming it. Empty list members are passed over. */
export function parseTagCondition(header: string, value: string): TagCondition {
  if (value.trim() === "*") return { kind: "any" };
  const tags: EntityTag[] = [];
  let position = 0;
  while (position < value.length) {
    MEMBER.lastIndex = position;
    const found = MEMBER.exec(value);
    if (found === null) throw malformed(header);
    if (found[2] !== undefined) tags.push({ isWeak: found[1] !== undefined, opaque: found[2] });
    position = MEMBER.lastIndex;
  }
  if (tags.length === 0) throw malformed(header);
  return { kind: "tags", tags };
}

/** `If-Match` against a row: strong, by epoch and version; the shape does not count ([HT33] [HT36]). */
export function matchesRow(condition: TagCondition, epoch: Epoch, version: Seq): boolean {
  if (condition.kind === "any") return true;
  const prefix = `${epoch}:${version}:`;
  return condition.tags.some((tag) => !tag.isWeak && tag.opaque.startsWith(prefix));
}

/**
 * `<tag>+<txid>`, what a client knows of a row of another object than the one that decided: as it was shown, or as that transaction has left it, once
 * that is applied here, at `seqOf(txid)`.
 */
export function withTransactions(
  condition: TagCondition,
  epoch: Epoch,
  seqOf: (txid: string) => number | null,
): TagCondition {
  if (condition.kind === "any") return condition;
  const tags = condition.tags.flatMap((tag) => {
    const [, txid] = tag.opaque.split("+");
    const seq = txid === undefined ? null : seqOf(txid);
    return seq === null ? [tag] : [tag, { ...tag, opaque: `${epoch}:${seq}:` }];
  });
  return { kind: "tags", tags };
}

/** `If-Match` against a tag that is compared whole, as a collection's is: strong. */
export function matchesStrongly(condition: TagCondition, opaque: string): boolean {
  return condition.kind === "any" || condition.tags.some((tag) => !tag.isWeak && tag.opaque === opaque);
}

/** `If-None-Match` in its weak comparison: does some listed tag equal this one? */
export function matchesWeakly(condition: TagCondition, opaque: string): boolean {
  return condition.kind === "any" || condition.tags.some((tag) => tag.opaque === opaque);
}

function malformed(header: string): Fault {
  return invalidField(header, 'must be "*" or a list of quoted entity tags', "malformed");
}
