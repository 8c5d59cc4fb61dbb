/**
 * Finds everything a TypeScript file imports: static, dynamic and type imports, re-exports, `import("…")` in types, `require`.
 * Works on the syntax tree, so comments and texts that look like imports do not count. Pure.
 */

import ts from "typescript";

export interface FoundImport {
  /** As written, or null when it is computed: `import(path)`. */
  readonly specifier: string | null;
  /** `type` leaves no trace in the compiled file. */
  readonly kind: "value" | "type";
  /** 1-based. */
  readonly line: number;
}

export function findImports(path: string, text: string): FoundImport[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const found: FoundImport[] = [];
  const add = (node: ts.Node, target: ts.Node | undefined, kind: FoundImport["kind"]) => {
    const specifier = target !== undefined && ts.isStringLiteralLike(target) ? target.text : null;
    found.push({ specifier, kind, line: source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1 });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      // `import { type A } from` keeps an import for its side effects: only `import type` leaves none.
      add(
        node,
        node.moduleSpecifier,
        node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword ? "type" : "value",
      );
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      add(node, node.moduleSpecifier, node.isTypeOnly ? "type" : "value");
    } else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      add(node, node.moduleReference.expression, node.isTypeOnly ? "type" : "value");
    } else if (ts.isImportTypeNode(node)) {
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, "type");
    } else if (ts.isCallExpression(node)) {
      const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword;
      const isRequire = ts.isIdentifier(node.expression) && node.expression.text === "require";
      if (isImport || isRequire) add(node, node.arguments[0], "value");
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
