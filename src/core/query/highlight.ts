/**
 * Pieces of a text around what a search found in it ([SR5]): at most three, of at most 160 code points each, HTML-escaped except for
 * the `<em>` around what was found. Pure; looks at the text near the marks only, so that a long text costs no more.
 */

/** What was found: UTF-16 offsets, the end is not part of it. Marks come in order and do not overlap. */
export interface Mark {
  readonly start: number;
  readonly end: number;
}

export const MAX_PIECES = 3;
export const MAX_PIECE_LENGTH = 160;
/** Room for `… ` in front and ` …` behind. */
const TEXT_LENGTH = MAX_PIECE_LENGTH - 4;
/** Code points shown before the first mark of a piece. */
const LEAD_LENGTH = 40;

/** The marks in a text where each is between `open` and `close`, two single UTF-16 units that do not occur otherwise. */
export function* readMarks(marked: string, open: string, close: string): Generator<Mark> {
  let markers = 0;
  for (let at = marked.indexOf(open); at >= 0; at = marked.indexOf(open, at)) {
    const end = marked.indexOf(close, at);
    if (end < 0) return;
    yield { start: at - markers, end: end - markers - 1 };
    markers += 2;
    at = end + 1;
  }
}

export function highlightPieces(text: string, marks: Iterable<Mark>): string[] {
  if (forward(text, 0, MAX_PIECE_LENGTH) === text.length) {
    const all = [...marks];
    return all.length === 0 ? [] : [render(text, 0, text.length, all)];
  }
  const pieces: string[] = [];
  const rest = marks[Symbol.iterator]();
  let free = 0;
  let next = rest.next();
  while (next.done !== true && pieces.length < MAX_PIECES) {
    const start = pieceStart(text, free, next.value.start);
    const limit = forward(text, start, TEXT_LENGTH);
    const inside: Mark[] = [];
    for (; next.done !== true && next.value.start < limit; next = rest.next()) inside.push(next.value);
    const end = pieceEnd(text, Math.min(inside.at(-1)?.end ?? limit, limit), limit);
    pieces.push(`${start > 0 ? "… " : ""}${render(text, start, end, inside)}${end < text.length ? " …" : ""}`);
    free = end;
  }
  return pieces;
}

/** Some way before the mark, at the beginning of a word where there is one. */
function pieceStart(text: string, free: number, mark: number): number {
  const start = backward(text, free, mark, LEAD_LENGTH);
  if (start === 0 || isSpace(text.charAt(start - 1))) return start;
  for (let at = start; at < mark; at++) if (isSpace(text.charAt(at))) return at + 1;
  return start;
}

/** The end of a word after the last mark, where there is one before the limit. */
function pieceEnd(text: string, lastMark: number, limit: number): number {
  if (limit === text.length) return limit;
  for (let at = limit; at >= lastMark; at--) if (isSpace(text.charAt(at))) return at;
  return limit;
}

function render(text: string, start: number, end: number, marks: readonly Mark[]): string {
  let html = "";
  let at = start;
  for (const mark of marks) {
    const stop = Math.min(mark.end, end);
    html += `${escapeHtml(text.slice(at, mark.start))}<em>${escapeHtml(text.slice(mark.start, stop))}</em>`;
    at = stop;
  }
  return html + escapeHtml(text.slice(at, end));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}

function isSpace(char: string): boolean {
  return /^\s$/.test(char);
}

/** The offset that many code points on, at most the end. */
function forward(text: string, from: number, count: number): number {
  let at = from;
  for (let left = count; left > 0 && at < text.length; left--) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return at;
}

/** The offset that many code points back, at least `floor`. */
function backward(text: string, floor: number, from: number, count: number): number {
  let at = from;
  for (let left = count; left > 0 && at > floor; left--) {
    const isPair = at - 2 >= floor && (text.codePointAt(at - 2) ?? 0) > 0xffff;
    at -= isPair ? 2 : 1;
  }
  return at;
}
