/**
 * How old a copy's answer is, and whether it is new enough for its reader ([HT8]): positions that the reader has seen, against the
 * cursors that were read in the same instant as the rows. Pure.
 */

import type { ObjectName } from "../ids.ts";

/** A cursor of a copy that serves. */
export interface Cursor {
  readonly object: ObjectName;
  readonly epoch: string;
  readonly seq: number;
}

/** What a reader asks for: a commit of a ledger, or a transaction at an object. */
export type Wish =
  | { readonly kind: "position"; readonly epoch: string; readonly seq: number }
  | { readonly kind: "transaction"; readonly txid: string; readonly object: ObjectName };

/** The list of `Ledge-Min-Seq`, whose form has been checked. */
export function readWishes(header: string | null): readonly Wish[] {
  if (header === null) return [];
  return header.split(",").map((each): Wish => {
    const token = each.trim();
    if (token.startsWith("tx:")) {
      const at = token.indexOf("@");
      return { kind: "transaction", txid: token.slice(3, at), object: token.slice(at + 1) as ObjectName };
    }
    const [epoch = "", seq = "0"] = token.split(":");
    return { kind: "position", epoch, seq: Number(seq) };
  });
}

export interface Position {
  readonly object: ObjectName;
  readonly epoch: string;
  readonly seq: number;
}

/** The positions that the cursors have not reached. A copy from another ledger of the object has not, however far it is. */
export function positionsBehind(wanted: readonly Position[], cursors: readonly Cursor[]): readonly Position[] {
  return wanted.filter(
    ({ object, epoch, seq }) =>
      !cursors.some((cursor) => cursor.object === object && cursor.epoch === epoch && cursor.seq >= seq),
  );
}

/** `Ledge-Seq` of an answer; null when it stands on more objects than a header should name. Each is named once. */
export function positionsText(cursors: readonly Cursor[], maxObjects: number): string | null {
  const texts = new Set(cursors.map(({ epoch, seq }) => `${epoch}:${seq}`));
  return texts.size === 0 || texts.size > maxObjects ? null : [...texts].join();
}
