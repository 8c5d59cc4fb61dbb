/**
 * Finds a piece of a pattern, literal texts and `_`s, in a text: the end of its leftmost occurrence. A piece without `_` is the
 * runtime's own search. With `_`, places where the first literal stands are tried one by one while that is cheap; a text on which it is
 * not (`aaaa…` under `%a_aaa…b%`) goes to Shift-And, which keeps one bit for each code point of the piece and takes 32 of them at a
 * step. So a text of n and a piece of m code points cost n·m/32 whatever they hold: 400 KB under a filter of the longest kind, 0.1 s.
 */

import type { Piece } from "./pattern.ts";

/** End of the leftmost occurrence at or after the offset, else -1. Offsets are UTF-16. */
export type FindPiece = (text: string, from: number) => number;

/** Code points compared one by one before Shift-And takes over; making its masks costs about as much. */
const TRIED_POINTS = 4096;

export function pieceFinder(piece: Piece, triedPoints = TRIED_POINTS): FindPiece {
  const [head, ...rest] = piece;
  if (head === undefined) return (_, from) => from;
  if (typeof head === "number") {
    // Behind a `%`, `_` in front only moves the place from which the rest is looked for.
    const findRest = pieceFinder(rest, triedPoints);
    return (text, from) => {
      const start = skip(text, from, head);
      return start < 0 ? -1 : findRest(text, start);
    };
  }
  if (rest.length === 0) {
    return (text, from) => {
      const found = text.indexOf(head, from);
      return found < 0 ? -1 : found + head.length;
    };
  }
  const tries = Math.floor(triedPoints / pieceLength(piece));
  let shiftAnd: FindPiece | undefined;
  return (text, from) => {
    let found = text.indexOf(head, from);
    for (let tried = 0; tried < tries && found >= 0; tried++) {
      const end = matchPiece(text, found + head.length, rest);
      if (end >= 0) return end;
      found = text.indexOf(head, found + 1);
    }
    if (found < 0) return -1;
    shiftAnd ??= shiftAndFinder(piece);
    return shiftAnd(text, found);
  };
}

/** End of the piece when it stands at the offset, else -1. */
export function matchPiece(text: string, at: number, piece: Piece): number {
  for (const part of piece) {
    if (typeof part === "number") {
      at = skip(text, at, part);
      if (at < 0) return -1;
    } else {
      if (!text.startsWith(part, at)) return -1;
      at += part.length;
    }
  }
  return at;
}

/** Number of code points that the piece covers. */
export function pieceLength(piece: Piece): number {
  let length = 0;
  for (const part of piece) {
    if (typeof part === "number") length += part;
    else for (const _ of part) length++;
  }
  return length;
}

/** Bits kept in one number. */
export const WORD_BITS = 32;

/**
 * Bit i of the state says: the piece's first i + 1 code points end here. Reading a code point shifts the state by one and keeps the
 * bits whose code point it is.
 */
function shiftAndFinder(piece: Piece): FindPiece {
  const length = pieceLength(piece);
  const words = Math.ceil(length / WORD_BITS);
  const { masks, other } = masksOf(piece, words);
  const lastWord = (length - 1) >>> 5;
  const lastBit = 1 << ((length - 1) & 31);
  const state = new Uint32Array(words);
  return (text, from) => {
    state.fill(0);
    /** Words above this are zero. */
    let top = 0;
    for (let at = from; at < text.length; ) {
      const point = text.codePointAt(at) as number;
      at += point > 0xffff ? 2 : 1;
      const mask = masks.get(point) ?? other;
      const end = Math.min(top + 1, words - 1);
      let carry = 1;
      top = 0;
      for (let word = 0; word <= end; word++) {
        const before = state[word] as number;
        const after = ((before << 1) | carry) & (mask[word] as number);
        carry = before >>> 31;
        state[word] = after;
        if (after !== 0) top = word;
      }
      if (((state[lastWord] as number) & lastBit) !== 0) return at;
    }
    return -1;
  };
}

/** For each code point of the piece the places it may stand at; `other` for those that it does not name. */
function masksOf(piece: Piece, words: number): { masks: ReadonlyMap<number, Uint32Array>; other: Uint32Array } {
  const other = new Uint32Array(words);
  const masks = new Map<number, Uint32Array>();
  const set = (mask: Uint32Array, place: number) => {
    mask[place >>> 5] = (mask[place >>> 5] as number) | (1 << (place & 31));
  };
  let place = 0;
  for (const part of piece) {
    if (typeof part !== "number") place += [...part].length;
    else for (let count = part; count > 0; count--) set(other, place++);
  }
  place = 0;
  for (const part of piece) {
    if (typeof part === "number") {
      place += part;
      continue;
    }
    for (const char of part) {
      const point = char.codePointAt(0) as number;
      let mask = masks.get(point);
      if (mask === undefined) {
        mask = other.slice();
        masks.set(point, mask);
      }
      set(mask, place++);
    }
  }
  return { masks, other };
}

/** The offset that many code points on; -1 when the text ends before. */
function skip(text: string, at: number, count: number): number {
  for (; count > 0; count--) {
    if (at >= text.length) return -1;
    const unit = text.charCodeAt(at);
    at += unit >= 0xd800 && unit < 0xdc00 ? 2 : 1;
  }
  return at;
}
