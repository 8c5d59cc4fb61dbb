/**
 * Filter text → tree: recursive descent over the grammar, one pass, no backtracking. With a grammar every name, operator
 * and literal is checked where it is read, so the fault named is the first in text order ([QL15]); without one (templates,
 * `raw`, scopes written before their table is known) the tree is checked later by `typeFilter`.
 */

import type { FilterGrammar, OperatorUse } from "./type-filter.ts";
import {
  allowedOperators,
  checkField,
  checkOperator,
  checkScalar,
  FILTER_LIMITS,
  refuseLimit,
  refuseShape,
  useOperator,
} from "./type-filter.ts";
import { nearest } from "./filter-fault.ts";
import { OPERATORS } from "./operators.ts";
import type { Source } from "./tokenize.ts";
import { HOLE, readField, readNumber, readOperator, readString, readWord, skipSpace, syntax, tokenEnd } from "./tokenize.ts";
import type { ColumnSpec } from "../schema/table-spec.ts";
import type { Comparison, Filter, Operand, Scalar } from "./tree.ts";
import { ALL, conjoin, disjoin, isList, isScalar, negate } from "./tree.ts";

/** What a template puts into a hole, already checked: a literal or list, a filter, or a field name. */
export type HoleValue =
  | { readonly kind: "operand"; readonly operand: Scalar | readonly Scalar[] }
  | { readonly kind: "filter"; readonly filter: Filter }
  | { readonly kind: "field"; readonly name: string };

/** Parses and types a filter; throws a `filter-parse-error` fault. The empty text is the empty filter. */
export function parseFilter(text: string, grammar: FilterGrammar): Filter {
  return new FilterParser(text, grammar.parameter, grammar, []).parse();
}

/** Parses without a table; `holes` fill the U+0000 characters of the text in order. */
export function parseUntyped(text: string, holes: readonly HoleValue[] = [], parameter = "filter"): Filter {
  return new FilterParser(text, parameter, null, holes).parse();
}

const AND = { symbol: ";", double: "&&", lower: "and", upper: "AND" };
const OR = { symbol: ",", double: "||", lower: "or", upper: "OR" };
const CONNECTIVES = ["and", "AND", "or", "OR"];

class FilterParser {
  private readonly source: Source;
  private readonly grammar: FilterGrammar | null;
  private readonly holes: readonly HoleValue[];
  private readonly isLimited: boolean;
  private holesTaken = 0;
  private nodes = 0;
  private depth = 0;
  /** Offsets of the brackets open at the moment, outermost first. */
  private readonly open: number[] = [];

  constructor(text: string, parameter: string, grammar: FilterGrammar | null, holes: readonly HoleValue[]) {
    this.source = { text, parameter, at: 0 };
    this.grammar = grammar;
    this.holes = holes;
    this.isLimited = grammar?.limits !== "lifted";
  }

  parse(): Filter {
    const { source } = this;
    if (this.isLimited) checkLength(source);
    skipSpace(source);
    if (source.at === source.text.length) return ALL;
    const filter = this.readOr();
    skipSpace(source);
    if (source.at < source.text.length) this.refuseConnective();
    return filter;
  }

  private readOr(): Filter {
    const first = this.readAnd();
    if (!this.takeConnective("or")) return first;
    const terms = [first];
    do terms.push(this.readAnd());
    while (this.takeConnective("or"));
    return disjoin(terms);
  }

  private readAnd(): Filter {
    const first = this.readTerm();
    if (!this.takeConnective("and")) return first;
    const terms = [first];
    do terms.push(this.readTerm());
    while (this.takeConnective("and"));
    return conjoin(terms);
  }

  private readTerm(): Filter {
    const { source } = this;
    skipSpace(source);
    const start = source.at;
    switch (source.text.charAt(start)) {
      case "(":
        this.countNode(start, start + 1);
        return this.readGroup(start, 1);
      case "!":
        if (source.text.charAt(start + 1) !== "(") return syntax(source, start, start + 1, "After ! a group (…) is expected");
        this.countNode(start, start + 2);
        return negate(this.readGroup(start, 2));
      case HOLE: {
        const hole = this.peekHole();
        if (hole?.kind !== "filter") break;
        this.takeHole();
        this.countNode(start, start + 1);
        return hole.filter;
      }
    }
    return this.readComparison();
  }

  /** The offset is at `(` or `!(`, `width` characters before the content. */
  private readGroup(start: number, width: number): Filter {
    const { source } = this;
    if (++this.depth > FILTER_LIMITS.depth && this.isLimited) refuseLimit(source, start, start + width, "depth");
    source.at += width;
    this.open.push(source.at - 1);
    const filter = this.readOr();
    this.close(")");
    this.depth--;
    return filter;
  }

  private readComparison(): Comparison {
    const { source, grammar } = this;
    const start = source.at;
    const hole = this.takeHole("field");
    const field = hole?.kind === "field" ? hole.name : readField(source);
    if (field === "" || (hole === null && CONNECTIVES.includes(field))) {
      source.at = start;
      return this.refuseHere("a field is expected");
    }
    this.countNode(start, source.at);
    const column = grammar === null ? null : checkField(grammar, field, source, start, source.at);
    skipSpace(source);
    const operatorStart = source.at;
    if (operatorStart === source.text.length) this.refuseHere("an operator is expected");
    const written = readOperator(source, () => knownOperators(grammar, column));
    const use =
      grammar === null || column === null
        ? useOperator(written)
        : checkOperator(grammar, column, written, source, operatorStart, source.at);
    skipSpace(source);
    return { kind: "compare", field, operator: use.token, operand: this.readOperand(use) };
  }

  private readOperand(use: OperatorUse): Operand {
    const { source } = this;
    const start = source.at;
    const takesList = use.shape === "list" || use.shape === "elements" || use.shape === "any";
    const takesRange = use.shape === "range" || use.shape === "any";
    switch (source.text.charAt(start)) {
      case "(":
        if (use.shape === "range") return this.readRange(use, ")");
        return takesList ? this.readList(use) : refuseShape(use, source, start, start + 1);
      case "[":
        return takesRange ? this.readRange(use, "]") : refuseShape(use, source, start, start + 1);
    }
    const hole = this.takeHole("operand");
    if (hole?.kind === "operand" && isList(hole.operand)) return this.listFromHole(use, hole.operand, start);
    const value = hole === null ? this.readScalar() : scalarFromHole(hole);
    if (!(takesList || takesRange) || use.shape === "any") {
      checkScalar(use, value, source, start, source.at);
      return value;
    }
    return refuseShape(use, source, start, source.at);
  }

  private readList(use: OperatorUse): readonly Scalar[] {
    const { source } = this;
    const values: Scalar[] = [];
    this.open.push(source.at++);
    skipSpace(source);
    if (source.text.charAt(source.at) !== ")") {
      do {
        if (values.length === FILTER_LIMITS.listValues && this.isLimited) {
          skipSpace(source);
          const start = source.at;
          this.readScalar();
          refuseLimit(source, start, source.at, "listValues");
        }
        values.push(this.readMember(use));
      } while (this.takeComma());
    }
    this.close(")");
    return values;
  }

  private readRange(use: OperatorUse, closing: ")" | "]"): Operand {
    const { source } = this;
    this.open.push(source.at++);
    const from = this.readMember(use);
    if (!this.takeComma()) this.refuseHere("a range has exactly two values: a comma is expected");
    const to = this.readMember(use);
    this.close(closing);
    return { from, to };
  }

  /** A scalar of a list or range, with the white space before it. */
  private readMember(use: OperatorUse): Scalar {
    const { source } = this;
    skipSpace(source);
    const start = source.at;
    const hole = this.takeHole("operand");
    const value = hole === null ? this.readScalar() : scalarFromHole(hole);
    checkScalar(use, value, source, start, source.at);
    return value;
  }

  private readScalar(): Scalar {
    const { source } = this;
    const start = source.at;
    const char = source.text.charAt(start);
    if (char === '"') return readString(source);
    if (char === "-" || (char >= "0" && char <= "9")) return readNumber(source);
    const word = readWord(source);
    if (word === "true") return true;
    if (word === "false") return false;
    if (word === "null") return null;
    source.at = start;
    return this.refuseHere("a value is expected: text in double quotes, a number, true, false or null");
  }

  private takeComma(): boolean {
    const { source } = this;
    skipSpace(source);
    if (source.text.charAt(source.at) !== ",") return false;
    source.at++;
    return true;
  }

  private close(bracket: ")" | "]"): void {
    const { source } = this;
    skipSpace(source);
    if (source.text.charAt(source.at) !== bracket) {
      if (bracket === ")" && this.depth > 0 && this.open.length === this.depth) this.refuseConnective();
      this.refuseHere(`${bracket} is expected`);
    }
    source.at++;
    this.open.pop();
  }

  /** Takes `;` `&&` `and` `AND`, or `,` `||` `or` `OR`, with the white space before it; else moves nothing. */
  private takeConnective(kind: "and" | "or"): boolean {
    const { source } = this;
    const before = source.at;
    skipSpace(source);
    const { text, at } = source;
    const words = kind === "and" ? AND : OR;
    switch (text.charAt(at)) {
      case words.symbol:
        source.at++;
        return true;
      case words.double.charAt(0):
        if (!text.startsWith(words.double, at)) break;
        source.at += 2;
        return true;
      case words.lower.charAt(0):
      case words.upper.charAt(0): {
        const word = readWord(source);
        if ((word === words.lower || word === words.upper) && isApart(text, at, source.at)) return true;
      }
    }
    source.at = before;
    return false;
  }

  /** The text goes on after a complete term, with something that is neither a connective nor a closing bracket. */
  private refuseConnective(): never {
    const { source } = this;
    const start = source.at;
    const end = tokenEnd(source);
    const word = source.text.slice(start, end);
    if (CONNECTIVES.includes(word)) syntax(source, start, end, `${word} needs white space or a parenthesis on both sides`);
    const suggestion = /^[A-Za-z]/.test(word) ? nearest(word, CONNECTIVES) : undefined;
    return this.refuseHere("; or , or the end is expected", suggestion);
  }

  /** Refuses what stands at the offset; at the end of the text, the outermost bracket still open. */
  private refuseHere(expected: string, suggestion?: string): never {
    const { source } = this;
    const { at, text } = source;
    const unclosed = this.open[0];
    if (at === text.length && unclosed !== undefined) {
      return syntax(source, unclosed, unclosed + 1, `${text.charAt(unclosed)} is not closed`);
    }
    const end = tokenEnd(source);
    const found = at === end ? "The text ends here" : `Unexpected ${text.slice(at, end).replace(HOLE, "value")}`;
    return syntax(source, at, end, `${found}: ${expected}`, { suggestion });
  }

  private countNode(start: number, end: number): void {
    if (++this.nodes > FILTER_LIMITS.nodes && this.isLimited) refuseLimit(this.source, start, end, "nodes");
  }

  private peekHole(): HoleValue | undefined {
    return this.source.text.charAt(this.source.at) === HOLE ? this.holes[this.holesTaken] : undefined;
  }

  /** Takes the hole at the offset, if there is one. A hole of another kind than `expected` stands in the wrong place. */
  private takeHole(expected?: HoleValue["kind"]): HoleValue | null {
    const hole = this.peekHole();
    if (hole === undefined) return null;
    if (expected !== undefined && hole.kind !== expected) {
      throw new TypeError(`A ${hole.kind === "operand" ? "value" : hole.kind} cannot stand where a ${expected} is expected`);
    }
    this.holesTaken++;
    this.source.at++;
    return hole;
  }

  private listFromHole(use: OperatorUse, values: readonly Scalar[], start: number): Operand {
    const { source } = this;
    for (const value of values) checkScalar(use, value, source, start, source.at);
    if (use.shape === "range") {
      const [from, to, ...more] = values;
      if (from === undefined || to === undefined || more.length > 0) {
        return syntax(source, start, source.at, "A range has exactly two values");
      }
      return { from, to };
    }
    if (use.shape !== "list" && use.shape !== "elements" && use.shape !== "any") {
      return refuseShape(use, source, start, source.at);
    }
    if (values.length > FILTER_LIMITS.listValues) refuseLimit(source, start, source.at, "listValues");
    return values;
  }
}

function scalarFromHole(hole: HoleValue): Scalar {
  if (hole.kind === "operand" && isScalar(hole.operand)) return hole.operand;
  throw new TypeError("A list cannot stand inside a list");
}

/** White space or a parenthesis on both sides ([QL2]). */
function isApart(text: string, start: number, end: number): boolean {
  return /[ \t\r\n)]/.test(text.charAt(start - 1)) && /[ \t\r\n(]/.test(text.charAt(end));
}

function knownOperators(grammar: FilterGrammar | null, column: ColumnSpec | null): readonly string[] {
  return grammar === null || column === null ? OPERATORS.map((operator) => operator.token) : allowedOperators(grammar, column);
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
