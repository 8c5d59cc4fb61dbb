/** What is typed over a live row: on which row it was begun, what is worth saving, and which keys are the field's. */

import { expect, test } from "vitest";
import { drafted, isChanged, keyMeaning } from "../../src/web/client/board/draft.ts";

const typing = (text: string, isWhole = true) => ({ text, isWhole });

test("[RH1] a draft is of the row that was shown at its first change, whatever is shown later; after it was given up, of the next", () => {
  const first = drafted(null, typing("one p"), { shown: "one", base: "version 1" });
  const later = drafted(first, typing("one plus"), { shown: "one by B", base: "version 2" });
  expect(later).toEqual({ text: "one plus", isWhole: true, over: "one", base: "version 1" });
  expect(drafted(null, typing("x"), { shown: "one by B", base: "version 2" }).base).toBe("version 2");
});

test("[RH1] what was typed back to what it was is no change, half of a date is one, to tell of", () => {
  const field = { shown: "2027-03-15", base: 1 };
  expect(isChanged(drafted(null, typing("2027-03-15"), field))).toBe(false);
  expect(isChanged(drafted(null, typing("2028-03-15"), field))).toBe(true);
  expect(isChanged(drafted(null, typing(""), field))).toBe(true);
  expect(isChanged(drafted(null, typing("", false), { shown: "", base: 1 }))).toBe(true);
});

test("[RH1] Enter saves and Escape gives up, but neither while an input method has them", () => {
  const key = (name: string, more: object = {}) => keyMeaning({ key: name, isComposing: false, keyCode: 13, ...more });
  expect([key("Enter"), key("Escape"), key("a")]).toEqual(["save", "revert", null]);
  for (const more of [{ isComposing: true }, { keyCode: 229 }])
    expect([key("Enter", more), key("Escape", more)]).toEqual([null, null]);
});
