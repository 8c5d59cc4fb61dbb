/**
 * Patterns of `%=` and `=ilike=` ([QL26]): `%` any run of code points, `_` exactly one, `\` takes the next one literally;
 * the pattern covers the whole value. `parsePattern` gives the pieces between the `%`s, which the in-memory test walks and
 * the SQL compiler turns into conditions. Works on well-formed text only, so a literal never matches half a code point.
 */

import { matchPiece, pieceFinder, pieceLength } from "./piece-finder.ts";

/** What stands between two `%`: literal texts, and numbers that skip as many code points. */
export type Piece = readonly (string | number)[];

/** At least one piece; `n` pieces stand around `n - 1` `%`s. `a%` is `[["a"], []]`. */
export type Pattern = readonly Piece[];

/** The pieces of a pattern; null when it ends in a lone `\`. */
export function parsePattern(text: string): Pattern | null {
  const pieces: Piece[] = [];
  let piece: (string | number)[] = [];
  let literal = "";
  const flush = () => {
    if (literal !== "") piece.push(literal);
    literal = "";
  };
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index);
    if (char === "\\") {
      if (++index === text.length) return null;
      literal += text.charAt(index);
    } else if (char === "%") {
      flush();
      // `%%` says no more than `%`.
      if (piece.length > 0 || pieces.length === 0) pieces.push(piece);
      piece = [];
    } else if (char === "_") {
      flush();
      const last = piece.at(-1);
      if (typeof last === "number") piece[piece.length - 1] = last + 1;
      else piece.push(1);
    } else {
      literal += char;
    }
  }
  flush();
  pieces.push(piece);
  return pieces;
}

/** A test for the pattern. Linear for pieces without `_`; else the product of both lengths over 32, at worst. */
export function patternTest(pattern: Pattern): (text: string) => boolean {
  const first = pattern[0] ?? [];
  const last = pattern.at(-1) ?? [];
  if (pattern.length === 1) return (text) => matchPiece(text, 0, first) === text.length;
  const middle = pattern.slice(1, -1).map((piece) => pieceFinder(piece));
  const lastLength = pieceLength(last);
  return (text) => {
    let at = matchPiece(text, 0, first);
    for (const find of middle) {
      if (at < 0) return false;
      at = find(text, at);
    }
    if (at < 0) return false;
    const tail = stepBack(text, lastLength);
    return tail >= at && matchPiece(text, tail, last) === text.length;
  };
}

/** Offset that lies `count` code points before the end; -1 when the text is shorter. */
function stepBack(text: string, count: number): number {
  let at = text.length;
  for (; count > 0; count--) {
    if (at <= 0) return -1;
    at -= at >= 2 && isHighSurrogate(text.charCodeAt(at - 2)) ? 2 : 1;
  }
  return at;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
