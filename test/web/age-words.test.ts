import { expect, test } from "vitest";
import { ageWords } from "../../src/web/client/board/age-words.ts";

const MINUTE = 60_000;

test("[HT8] the age of a report is said in a person's words, and not at all while it is new", () => {
  const said = [0, -MINUTE, 9999, 10_000, 59_999, MINUTE, 95_000, 59 * MINUTE, 60 * MINUTE, 26 * 60 * MINUTE].map(
    ageWords,
  );
  expect(said.slice(0, 3)).toEqual([null, null, null]);
  expect(said.slice(3)).toEqual([
    "less than a minute ago",
    "less than a minute ago",
    "1 minute ago",
    "2 minutes ago",
    "59 minutes ago",
    "1 hour ago",
    "1 day ago",
  ]);
});
