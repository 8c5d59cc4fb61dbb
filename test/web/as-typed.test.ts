import { expect, test } from "vitest";
import { asTyped } from "../../src/web/client/board/as-typed.ts";

test("[RH5] the last word of a search may go on, unless it is done or stands in quotes", () => {
  expect(asTyped(" turn comp ")).toBe("turn comp*");
  expect(asTyped("Größ")).toBe("Größ*");
  for (const done of ["", "comp*", '"turn the', '"turn" the', "c++"]) expect(asTyped(done)).toBe(done);
});
