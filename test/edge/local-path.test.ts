import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { localPath } from "../../src/edge/local-path.ts";

const ORIGIN = "https://board.test";

/** What people have tried, and what browsers make of it. */
const HOSTILE = [
  "//evil.test",
  "///evil.test",
  "////evil.test/a",
  "/\\evil.test",
  "\\/evil.test",
  "/\t/evil.test",
  "/\n/evil.test",
  "/\r\n//evil.test",
  "/\t\\evil.test",
  "/.//evil.test",
  "/a/..//evil.test",
  "/a/../..//evil.test",
  "/%2e//evil.test",
  "/.%2E//evil.test",
  "/./\\evil.test",
  "/.\\\\evil.test",
  " //evil.test",
  "https://evil.test/",
  "https:/evil.test",
  "https:evil.test",
  "javascript:alert(1)",
  "data:text/html,x",
  "/@evil.test//..//evil.test/../..//",
  "evil.test",
  "",
  null,
  undefined,
  7,
  ["/board"],
];

const resolved = (path: string) => new URL(path, `${ORIGIN}/sign-in?next=x`);

describe("where a redirect may lead", () => {
  test("[A2] hostile places lead to the fallback, or to a path of this site", () => {
    for (const value of HOSTILE) {
      const path = localPath(value, "/board", ORIGIN);
      expect([value, resolved(path).origin, path.startsWith("//")]).toEqual([value, ORIGIN, false]);
      // A page's script resolves it once more, and so may a proxy.
      expect([value, new URL(resolved(path).pathname, ORIGIN).origin]).toEqual([value, ORIGIN]);
    }
    for (const value of HOSTILE.slice(0, 12))
      expect([value, localPath(value, "/board", ORIGIN)]).toEqual([value, "/board"]);
  });

  test("[A2] paths of this site are kept, with query and fragment", () => {
    for (const path of [
      "/",
      "/board",
      "/board?x=1&y=//evil.test",
      "/a//b",
      "/sign-in?next=%2F%2Fevil.test",
      "/b#top",
      "/%2f/evil",
    ])
      expect(localPath(path, "/board", ORIGIN)).toBe(path);
    expect(localPath("/a/../b", "/board", ORIGIN)).toBe("/b");
  });

  test("[A2] whatever is given, a browser stays on the origin", () => {
    const piece = fc.constantFrom(
      "/",
      "//",
      "\\",
      ".",
      "..",
      "%2e",
      "%2f",
      "%5c",
      "\t",
      "\n",
      "\r",
      " ",
      "@",
      ":",
      "?",
      "#",
      "a",
      "evil.test",
      "https:",
      "\u0000",
      "。",
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 10 }).map((parts) => `/${parts.join("")}`),
    );
    fc.assert(
      fc.property(text, (value) => {
        const path = localPath(value, "/board", ORIGIN);
        return path.startsWith("/") && resolved(path).origin === ORIGIN;
      }),
      { numRuns: 20_000 },
    );
  });
});
