/**
 * Filter text → tree: recursive descent over the grammar, one pass, no backtracking. With a grammar every name, operator
 * and literal is checked where it is read, so the fault named is the first in text order ([QL15]); without one (templates,
 * `raw`, scopes written before their table is known) the tree is checked later by `typeFilter`.
 */

import type { ColumnSpec } from "../schema/table-spec.ts";
import { checkField, checkOperator, useOperator } from "./check-comparison.ts";
import { nearest } from "./filter-fault.ts";
import { allowedOperators, FILTER_LIMITS, type FilterGrammar, refuseLimit } from "./grammar.ts";
import { OPERATORS } from "./operators.ts";
import { readOperand } from "./read-operand.ts";
import { type HoleValue, Reader } from "./reader.ts";
import type { Source } from "./tokenize.ts";
import { readField, readOperator, readWord, skipSpace, syntax, tokenEnd } from "./tokenize.ts";
import type { Comparison, Filter } from "./tree.ts";
import { ALL, conjoin, disjoin, negate } from "./tree.ts";

/** Parses and types a filter; throws a `filter-parse-error` fault. The empty text is the empty filter. */
export function parseFilter(text: string, grammar: FilterGrammar): Filter {
  return new FilterParser(new Reader(text, grammar.parameter, grammar, []), grammar).parse();
}

/** Parses without a table; `holes` fill the U+0000 characters of the text in order. */
export function parseUntyped(text: string, holes: readonly HoleValue[] = [], parameter = "filter"): Filter {
  return new FilterParser(new Reader(text, parameter, null, holes), null).parse();
}

const AND = { symbol: ";", double: "&&", lower: "and", upper: "AND" };
const OR = { symbol: ",", double: "||", lower: "or", upper: "OR" };
const CONNECTIVES = ["and", "AND", "or", "OR"];

class FilterParser {
  readonly #reader: Reader;
  readonly #grammar: FilterGrammar | null;
  #nodes = 0;
  #depth = 0;

  constructor(reader: Reader, grammar: FilterGrammar | null) {
    this.#reader = reader;
    this.#grammar = grammar;
  }

  parse(): Filter {
    const { source, isLimited } = this.#reader;
    if (isLimited) checkLength(source);
    skipSpace(source);
    if (source.at === source.text.length) return ALL;
    const filter = this.#readOr();
    skipSpace(source);
    if (source.at < source.text.length) this.#refuseAfterTerm();
    return filter;
  }

  #readOr(): Filter {
    const first = this.#readAnd();
    if (!takeConnective(this.#reader.source, OR)) return first;
    const terms = [first];
    do terms.push(this.#readAnd());
    while (takeConnective(this.#reader.source, OR));
    return disjoin(terms);
  }

  #readAnd(): Filter {
    const first = this.#readTerm();
    if (!takeConnective(this.#reader.source, AND)) return first;
    const terms = [first];
    do terms.push(this.#readTerm());
    while (takeConnective(this.#reader.source, AND));
    return conjoin(terms);
  }

  #readTerm(): Filter {
    const reader = this.#reader;
    const { source } = reader;
    skipSpace(source);
    const start = source.at;
    if (reader.isAt("(")) return this.#readGroup(start, 1);
    if (reader.isAt("!")) {
      if (source.text.charAt(start + 1) !== "(")
        return syntax(source, start, start + 1, "After ! a group (…) is expected");
      return negate(this.#readGroup(start, 2));
    }
    if (reader.peekHole()?.kind !== "filter") return this.#readComparison();
    const hole = reader.takeHole("filter");
    this.#countNode(start, source.at);
    return hole?.filter ?? ALL;
  }

  /** The offset is at `(` or `!(`, `width` characters before the content. */
  #readGroup(start: number, width: number): Filter {
    const reader = this.#reader;
    const { source } = reader;
    this.#countNode(start, start + width);
    if (++this.#depth > FILTER_LIMITS.depth && reader.isLimited) refuseLimit(source, start, start + width, "depth");
    source.at += width;
    reader.open.push(source.at - 1);
    const filter = this.#readOr();
    skipSpace(source);
    if (!reader.isAt(")")) this.#refuseAfterTerm();
    reader.close(")");
    this.#depth--;
    return filter;
  }

  #readComparison(): Comparison {
    const reader = this.#reader;
    const { source } = reader;
    const start = source.at;
    const hole = reader.takeHole("field");
    const field = hole === null ? readField(source) : hole.name;
    if (field === "" || (hole === null && CONNECTIVES.includes(field))) {
      source.at = start;
      return reader.refuseHere("a field is expected");
    }
    this.#countNode(start, source.at);
    const grammar = this.#grammar;
    const column = grammar === null ? null : checkField(grammar, field, source, start, source.at);
    skipSpace(source);
    const operatorStart = source.at;
    if (operatorStart === source.text.length) reader.refuseHere("an operator is expected");
    const written = readOperator(source, () => knownOperators(grammar, column));
    const use =
      grammar === null || column === null
        ? useOperator(written)
        : checkOperator(grammar, column, written, source, operatorStart, source.at);
    skipSpace(source);
    return { kind: "compare", field, operator: use.token, operand: readOperand(reader, use) };
  }

  /** The text goes on after a complete term, with something that is neither a connective nor a closing bracket. */
  #refuseAfterTerm(): never {
    const { source } = this.#reader;
    const start = source.at;
    const end = tokenEnd(source);
    const word = source.text.slice(start, end);
    if (CONNECTIVES.includes(word))
      syntax(source, start, end, `${word} needs white space or a parenthesis on both sides`);
    const suggestion = /^[A-Za-z]/.test(word) ? nearest(word, CONNECTIVES) : undefined;
    return this.#reader.refuseHere(
      this.#depth > 0 ? "; or , or ) is expected" : "; or , or the end is expected",
      suggestion,
    );
  }

  #countNode(start: number, end: number): void {
    if (++this.#nodes > FILTER_LIMITS.nodes && this.#reader.isLimited)
      refuseLimit(this.#reader.source, start, end, "nodes");
  }
}

/** Takes one of the forms of the connective, with the white space before it; else moves nothing. */
function takeConnective(source: Source, forms: typeof AND): boolean {
  const before = source.at;
  skipSpace(source);
  const { text, at } = source;
  switch (text.charAt(at)) {
    case forms.symbol:
      source.at++;
      return true;
    case forms.double.charAt(0):
      if (!text.startsWith(forms.double, at)) break;
      source.at += 2;
      return true;
    case forms.lower.charAt(0):
    case forms.upper.charAt(0): {
      const word = readWord(source);
      if ((word === forms.lower || word === forms.upper) && isApart(text, at, source.at)) return true;
    }
  }
  source.at = before;
  return false;
}

/** White space or a parenthesis on both sides ([QL2]). */
function isApart(text: string, start: number, end: number): boolean {
  return /[ \t\r\n)]/.test(text.charAt(start - 1)) && /[ \t\r\n(]/.test(text.charAt(end));
}

function knownOperators(grammar: FilterGrammar | null, column: ColumnSpec | null): readonly string[] {
  return grammar === null || column === null
    ? OPERATORS.map((operator) => operator.token)
    : allowedOperators(grammar, column);
}

/** Refuses a text over either limit at the first code point beyond it ([QL9]). */
function checkLength(source: Source): void {
  const { text } = source;
  // No text of that many UTF-16 units can break either limit.
  if (text.length <= FILTER_LIMITS.bytes / 3) return;
  let points = 0;
  let bytes = 0;
  for (let at = 0; at < text.length; ) {
    const point = text.codePointAt(at) ?? 0;
    points++;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (points > FILTER_LIMITS.codePoints) refuseLimit(source, at, text.length, "codePoints");
    if (bytes > FILTER_LIMITS.bytes) refuseLimit(source, at, text.length, "bytes");
    at += point > 0xffff ? 2 : 1;
  }
}
