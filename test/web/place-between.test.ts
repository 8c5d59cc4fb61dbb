/** Places of cards ([O10] [RH1]): always one between two, in order, and short at the ends. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { isBetween, placeBetween, placeOf, placesAfter } from "../../src/web/place-between.ts";

test("[RH1] wherever a card is put, the list sorts by its places and no other card's changes", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 200 }), (choices) => {
      const places: string[] = [];
      for (const [index, choice] of choices.entries()) {
        const at = choice % (places.length + 1);
        const gap = [places[at - 1] ?? null, places[at] ?? null] as const;
        // Cards of two kinds: of the board, and as others may write them.
        places.splice(at, 0, choice % 3 === 0 ? placeBetween(...gap) : placeOf(`card ${index}`, ...gap));
      }
      expect([...places].sort()).toEqual(places);
      expect(new Set(places).size).toBe(places.length);
    }),
    { numRuns: 50 },
  );
});

test("[RH1] at both ends of a list places stay four digits; eight hundred times in one gap they fit the column", () => {
  const down = placesAfter(null, 5000);
  let top = down[0] as string;
  for (let count = 0; count < 5000; count++) top = placeBetween(null, top);
  expect([down.at(-1)?.length, top.length, top < (down[0] as string)]).toEqual([4, 4, true]);
  let [low, high] = ["V000", "V001"];
  for (let count = 0; count < 800; count++) {
    const place = placeOf(`card ${count}`, low, high);
    if (count % 2 === 0) low = place;
    else high = place;
  }
  expect(placeBetween(low, high).length).toBeLessThanOrEqual(200);
});

test("[RH1] two people who put a card each into one gap, or at one end, give them two places, both of that gap", () => {
  for (const [before, after] of [
    [null, null],
    ["V000", null],
    [null, "V000"],
    ["V000", "V001"],
    ["V000", "V0001"],
  ] as const) {
    const ids = Array.from({ length: 20 }, (_, index) => `0193${index}`);
    const places = ids.map((id) => placeOf(id, before, after));
    expect(new Set(places).size).toBe(20);
    for (const place of places)
      expect([place, place > (before ?? "") && place < (after ?? "z")]).toEqual([place, true]);
    expect(placeOf("0193", before, after)).toBe(placeOf("0193", before, after));
  }
  // Nothing would lie between such a place and the same without its end.
  const many = Array.from({ length: 1000 }, (_, index) => `${index}`);
  expect(many.filter((id) => placeOf(id, "V000", "V001").endsWith("0"))).toEqual([]);
});

test("[RH1] between two cards in one place there is none, nor before one without a place, nor between texts that leave nothing free", () => {
  const none = [
    ["V000", "V000"],
    ["", ""],
    [null, ""],
    ["V000", "V0000"],
    ["V000", "V00000"],
  ] as const;
  for (const [before, after] of none) expect([before, after, isBetween(before, after)]).toEqual([before, after, false]);
  const some = [
    ["V000", "V001"],
    ["", "V000"],
    [null, null],
    ["V000", null],
    [null, "V000"],
    ["V000", "V0001"],
  ] as const;
  for (const [before, after] of some) expect([before, after, isBetween(before, after)]).toEqual([before, after, true]);
});

test("[RH1] two cards in one place, and cards from before there were places, still have a place after them", () => {
  expect(placeBetween("V000", "V000") > "V000").toBe(true);
  expect(placeBetween("", "")).toBe("V000");
  expect(placeBetween("", "V000") < "V000").toBe(true);
  expect(placeBetween("zzzz", null) > "zzzz").toBe(true);
});
