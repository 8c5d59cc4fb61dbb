/**
 * Where the parser stands: source, holes of a template, open brackets; and how it refuses what it finds there.
 * Shared by the two halves of the parser, parse.ts (terms) and read-operand.ts (values).
 */

import type { FilterGrammar } from "./grammar.ts";
import type { Source } from "./tokenize.ts";
import { HOLE, skipSpace, syntax, tokenEnd } from "./tokenize.ts";
import type { Filter, Scalar } from "./tree.ts";

/** What a template puts into a hole, already checked: a literal or list, a filter, or a field name. */
export type HoleValue =
  | { readonly kind: "operand"; readonly operand: Scalar | readonly Scalar[] }
  | { readonly kind: "filter"; readonly filter: Filter }
  | { readonly kind: "field"; readonly name: string };

export class Reader {
  readonly source: Source;
  readonly isLimited: boolean;
  /** Offsets of the brackets open at the moment, outermost first. */
  readonly open: number[] = [];
  readonly #holes: readonly HoleValue[];
  #holesTaken = 0;

  constructor(text: string, parameter: string, grammar: FilterGrammar | null, holes: readonly HoleValue[]) {
    this.source = { text, parameter, at: 0 };
    this.isLimited = grammar?.limits !== "lifted";
    this.#holes = holes;
  }

  /** Whether the character at the offset is this one. */
  isAt(char: string): boolean {
    return this.source.text.charAt(this.source.at) === char;
  }

  /** Takes the bracket after white space, or refuses what stands there. */
  close(bracket: ")" | "]"): void {
    skipSpace(this.source);
    if (!this.isAt(bracket)) this.refuseHere(`${bracket} is expected`);
    this.source.at++;
    this.open.pop();
  }

  /** Refuses what stands at the offset; at the end of the text, the outermost bracket still open. */
  refuseHere(expected: string, suggestion?: string): never {
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

  /** The hole at the offset, if there is one. */
  peekHole(): HoleValue | undefined {
    return this.isAt(HOLE) ? this.#holes[this.#holesTaken] : undefined;
  }

  /** Takes the hole at the offset, if there is one. A hole of another kind than `expected` stands in the wrong place. */
  takeHole<Kind extends HoleValue["kind"]>(expected: Kind): Extract<HoleValue, { kind: Kind }> | null {
    const hole = this.peekHole();
    if (hole === undefined) return null;
    if (!isOfKind(hole, expected)) {
      throw new TypeError(
        `A ${hole.kind === "operand" ? "value" : hole.kind} cannot stand where a ${expected} is expected`,
      );
    }
    this.#holesTaken++;
    this.source.at++;
    return hole;
  }
}

function isOfKind<Kind extends HoleValue["kind"]>(
  hole: HoleValue,
  kind: Kind,
): hole is Extract<HoleValue, { kind: Kind }> {
  return hole.kind === kind;
}
