/** The sign-up that docs/transactions.md shows is the one that test/worker/sign-up-example.test.ts runs. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./project-files.ts";

/** From its first line to its end, without what formatting decides. */
function signUpIn(path: string): string {
  const text = readFileSync(join(ROOT, path), "utf8");
  const start = text.indexOf("export const signUp");
  const end = text.indexOf("\n});", start);
  return start < 0 || end < 0
    ? ""
    : text.slice(start, end).replace(/\s+/g, "").replaceAll(",}", "}").replaceAll(",)", ")").replaceAll(",]", "]");
}

test("the sign-up of the guide is the tested one", () => {
  const shown = signUpIn("docs/transactions.md");
  expect(shown.length).toBeGreaterThan(500);
  expect(shown).toBe(signUpIn("test/support/sign-up-example.ts"));
});
