/**
 * Cuts the text of a migration into single SQL statements, without their semicolons. Knows strings, quoted names, comments
 * and trigger bodies, so that a semicolon inside one of them does not cut; drizzle-kit's breakpoint lines are comments.
 * Pure. Called by the migration runner and by the generator's rehearsal.
 */

/** One token: comment, string, quoted name, word, semicolon, or any other character. */
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|\w+|;|\s+|[\s\S]/g;

/** `"CREATE TABLE a (…);--> statement-breakpoint\nDROP TABLE b;"` → `["CREATE TABLE a (…)", "DROP TABLE b"]` */
export function splitStatements(text: string): string[] {
  const statements: string[] = [];
  let current = "";
  let depth = 0;
  let isTrigger = false;
  const close = () => {
    if (current.trim() !== "") statements.push(current.trim());
    current = "";
    depth = 0;
    isTrigger = false;
  };
  for (const [token] of text.matchAll(TOKEN)) {
    if (token.startsWith("--") || token.startsWith("/*")) {
      current += " ";
      continue;
    }
    const word = token.toUpperCase();
    if (word === "TRIGGER" && /^\s*CREATE\s+(TEMP\s+|TEMPORARY\s+)?$/i.test(current)) isTrigger = true;
    // A trigger's body is BEGIN … END; CASE … END may lie inside it.
    if (isTrigger && (word === "BEGIN" || word === "CASE")) depth++;
    if (isTrigger && word === "END") depth--;
    if (token === ";" && depth === 0) close();
    else current += token;
  }
  close();
  return statements;
}
