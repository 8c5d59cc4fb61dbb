/**
 * Every regular expression that a request can reach, fed with what makes bad ones explode (12 KB, the most a URL or header carries), is
 * compared with one plain pass over the same text: a factor, not a time, so it holds on a busy machine. Found in the sources by
 * the compiler's own parser, so a new expression is tried without being listed; the routes' patterns are tried as compiled.
 */

import ts from "typescript";
import { describe, expect, it } from "vitest";
import { createRouter } from "../../src/edge/router.ts";
import { systemRoutes } from "../../src/edge/system-routes.ts";
import { tableRoutes } from "../../src/edge/table-routes.ts";
import { readFiles } from "../house/project-files.ts";

/** Read what the application's author writes (`basePath`, mount points), while it starts; no request comes near them. */
const CONFIGURATION = ["src/edge/define-app.ts", "src/edge/edge.ts"];
const LENGTH = 12_288;
/** A linear expression needs a few dozen passes at the most; a quadratic one thousands. */
const MAX_PASSES = 400;

interface Found {
  readonly where: string;
  readonly source: string;
  readonly flags: string;
}

function literals(): Found[] {
  return readFiles(["src/edge", "src/core", "src/web", "src/features"])
    .filter(({ path }) => !CONFIGURATION.includes(path))
    .flatMap(({ path, text }) => {
      const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
      const found: Found[] = [];
      const visit = (node: ts.Node): void => {
        if (ts.isRegularExpressionLiteral(node)) {
          const end = node.text.lastIndexOf("/");
          found.push({
            where: `${path}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`,
            source: node.text.slice(1, end),
            flags: node.text.slice(end + 1),
          });
        }
        ts.forEachChild(node, visit);
      };
      visit(file);
      return found;
    });
}

/** Pieces that an expression may be made to repeat: its own words and signs, its classes' members, and the usual suspects. */
function pieces(source: string): string[] {
  const words = source.match(/[A-Za-z]{2,}|[^\\[\](){}*+?|^$]/g) ?? [];
  const signs = [
    "a",
    "A",
    "e",
    "0",
    "f",
    "-",
    "_",
    ".",
    "/",
    ",",
    ";",
    " ",
    "\t",
    "=",
    '"',
    "\\",
    "+json",
    "=a",
    "a.",
    "1.",
    "1e",
    'W/"',
    '"a"',
    '", ',
    ", ",
    "return=",
    "return =",
    "tx:",
    "@a",
    "/@",
    "%41",
    "\u0001",
    "é",
    "\ud83d\ude00",
  ];
  return [...new Set([...words, ...signs])];
}

function attacks(source: string): string[] {
  const all = pieces(source);
  const heads = [
    "",
    "application/",
    "bearer ",
    "/api/",
    "/api/@",
    '"',
    'W/"',
    "-",
    "retry-",
    "00-",
    "tx:a@",
    "=",
    "return",
  ];
  const tails = ["", "!", "\u0000", "x", '"', "/"];
  const texts: string[] = [];
  for (const [index, piece] of all.entries()) {
    const repeated = piece.repeat(Math.ceil(LENGTH / piece.length)).slice(0, LENGTH);
    // All heads with one tail, all tails with one head: the combinations that matter, without the product.
    for (const head of heads) texts.push(`${head}${repeated}!`);
    for (const tail of tails) texts.push(`${repeated}${tail}`);
    const other = all[(index + 7) % all.length] ?? "a";
    const pair = piece + other;
    texts.push(`${pair.repeat(Math.ceil(LENGTH / pair.length)).slice(0, LENGTH)}!`);
  }
  return texts;
}

/** The shortest of a few tries, in ms. */
function shortest(run: () => void, tries = 3): number {
  let best = Number.POSITIVE_INFINITY;
  for (let n = 0; n < tries; n++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

const PASS = /^[^\uffff]*\uffff$/;
/** One pass over a text of this length, as this machine does it now. */
const passMs = () =>
  shortest(() => {
    for (let n = 0; n < 20; n++) PASS.test("x".repeat(LENGTH));
  }, 5) / 20;

/** The worst text for the expression, in passes; measured again before it is believed. */
function worst(run: (text: string) => void, texts: readonly string[]): { passes: number; text: string } {
  const unit = Math.max(passMs(), 0.001);
  let found = { passes: 0, text: "" };
  for (const text of texts) {
    let passes = shortest(() => run(text), 1) / unit;
    if (passes > MAX_PASSES) passes = shortest(() => run(text), 5) / Math.max(passMs(), 0.001);
    if (passes > found.passes) found = { passes, text };
  }
  return found;
}

describe("regular expressions", () => {
  const all = literals();

  it("the measure tells a quadratic expression and an exponential one from a linear one", () => {
    expect(worst((text) => /,+$/.test(text), [`${",".repeat(LENGTH)}x`]).passes).toBeGreaterThan(MAX_PASSES);
    expect(worst((text) => /^(a+)+$/.test(text), [`${"a".repeat(26)}!`]).passes).toBeGreaterThan(MAX_PASSES);
    expect(worst((text) => /^[a-z]+$/.test(text), [`${"a".repeat(LENGTH)}!`]).passes).toBeLessThan(MAX_PASSES);
  });

  it("they are found", () => {
    expect(all.length).toBeGreaterThan(40);
    expect(new Set(all.map(({ where }) => where.split(":")[0])).size).toBeGreaterThan(20);
  });

  it.each(all)("$where /$source/$flags is linear in what it is given", ({ source, flags }) => {
    const expression = new RegExp(source, flags);
    const run = (text: string) => {
      expression.lastIndex = 0;
      if (flags.includes("g")) text.replace(expression, "");
      else expression.test(text);
    };
    const { passes, text } = worst(run, attacks(source));
    expect(passes, `${text.slice(0, 40)} … ${text.slice(-10)}`).toBeLessThan(MAX_PASSES);
  });

  it("the routes' patterns are linear in the path", () => {
    const match = createRouter([...systemRoutes(), ...tableRoutes("/api", new Map())]);
    const paths = attacks("/api/@:partition/:table/batch/upsert/:id/restore");
    // All patterns in turn: so many expressions, each allowed its share.
    const { passes, text } = worst((path) => void match("GET", path), paths);
    expect(passes, `${text.slice(0, 40)} … ${text.slice(-10)}`).toBeLessThan(MAX_PASSES * 4);
  });
});
