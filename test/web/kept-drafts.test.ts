/** Comments that were begun wait in the page, and the browser asks before it leaves it with one. */

import { expect, test, vi } from "vitest";
import { keepDraft, keptDraft } from "../../src/web/client/board/kept-drafts.ts";

test("[RH1] a draft is kept by its name until it is sent or emptied, and for as long as one is kept the browser asks before it leaves", () => {
  const page = new EventTarget();
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  const asks = () => !page.dispatchEvent(new Event("beforeunload", { cancelable: true }));
  const draft = (text: string) => ({ text, isWhole: true, over: "", base: null });
  expect(asks()).toBe(false);
  keepDraft("one", draft("Half a"));
  keepDraft("two", draft("Other"));
  keepDraft("one", draft("Half a comment"));
  expect([keptDraft("one")?.text, keptDraft("two")?.text, keptDraft("three"), asks()]).toEqual([
    "Half a comment",
    "Other",
    null,
    true,
  ]);
  keepDraft("two", null);
  expect([keptDraft("two"), asks()]).toEqual([null, true]);
  keepDraft("one", draft(""));
  expect([keptDraft("one"), asks()]).toEqual([null, false]);
  vi.unstubAllGlobals();
});
