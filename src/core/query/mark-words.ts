/**
 * Marks for highlights where no index gives them ([SR5]): the words of a text that are among those looked for. Case and accents do not
 * matter, as in the index (`unicode61`, `remove_diacritics`). Lazy: who needs three pieces reads no further.
 */

import type { Mark } from "./highlight.ts";
import type { SearchTerm } from "./search.ts";

export type WordTest = (word: string) => boolean;

const WORD = /[\p{L}\p{N}\p{M}\p{Co}]+/gu;

/** Words as they stand, each looked for whole. */
export function wordsTest(words: readonly string[]): WordTest {
  const wanted = new Set(words.flatMap(foldedWords));
  return (word) => wanted.has(word);
}

/** The words of terms; the last word of a prefix is open. */
export function termsTest(terms: readonly SearchTerm[]): WordTest {
  const isWhole = wordsTest(terms.map(({ kind, text }) => (kind === "phrase" ? text : "")));
  const open = terms.flatMap(({ kind, text }) => (kind === "prefix" ? foldedWords(text) : []));
  return (word) => isWhole(word) || open.some((start) => word.startsWith(start));
}

export function* markWords(text: string, isWanted: WordTest): Generator<Mark> {
  for (const found of text.matchAll(WORD)) {
    if (isWanted(foldWord(found[0]))) yield { start: found.index, end: found.index + found[0].length };
  }
}

/** The words of a text, folded. */
export function foldedWords(text: string): string[] {
  return [...text.matchAll(WORD)].map(([word]) => foldWord(word)).filter((word) => word !== "");
}

function foldWord(word: string): string {
  return word.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
