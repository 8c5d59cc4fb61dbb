/**
 * Patterns of `%=` and `=ilike=` ([QL26]): `%` any run of code points, `_` exactly one, `\` takes the next one literally;
 * the pattern covers the whole value. `parsePattern` gives the pieces between the `%`s, which the in-memory test walks and
 * the SQL compiler turns into conditions. Works on well-formed text only, so a literal never matches half a code point.
 */

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

/** A test for the pattern. Linear for pieces without `_`; else at worst the product of both lengths. */
export function patternTest(pattern: Pattern): (text: string) => boolean {
  const first = pattern[0] ?? [];
  const last = pattern.at(-1) ?? [];
  if (pattern.length === 1) return (text) => matchAt(text, 0, first) === text.length;
  const middle = pattern.slice(1, -1);
  const lastLength = pieceLength(last);
  return (text) => {
    let at = matchAt(text, 0, first);
    for (const piece of middle) {
      if (at < 0) return false;
      at = findFrom(text, at, piece);
    }
    if (at < 0) return false;
    const tail = stepBack(text, lastLength);
    return tail >= at && matchAt(text, tail, last) === text.length;
  };
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

/** End of the piece when it matches at the offset, else -1. Offsets are UTF-16. */
function matchAt(text: string, at: number, piece: Piece): number {
  for (const part of piece) {
    if (typeof part === "string") {
      if (!text.startsWith(part, at)) return -1;
      at += part.length;
    } else {
      for (let count = part; count > 0; count--) {
        if (at >= text.length) return -1;
        at += isHighSurrogate(text.charCodeAt(at)) ? 2 : 1;
      }
    }
  }
  return at;
}

/** End of the leftmost match at or after the offset, else -1. */
function findFrom(text: string, at: number, piece: Piece): number {
  const [head, ...rest] = piece;
  if (typeof head === "string") {
    for (let found = text.indexOf(head, at); found >= 0; found = text.indexOf(head, found + 1)) {
      const end = matchAt(text, found + head.length, rest);
      if (end >= 0) return end;
    }
    return -1;
  }
  for (let start = at; start <= text.length; start += isHighSurrogate(text.charCodeAt(start)) ? 2 : 1) {
    const end = matchAt(text, start, piece);
    if (end >= 0) return end;
  }
  return -1;
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
