/** Places of cards ([O10] [RH1]): always one between two, in order, and short at the ends. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { placeBetween, placesAfter } from "../../src/web/place-between.ts";

test("[RH1] wherever a card is put, the list sorts by its places and no other card's changes", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 200 }), (choices) => {
      const places: string[] = [];
      for (const choice of choices) {
        const at = choice % (places.length + 1);
        places.splice(at, 0, placeBetween(places[at - 1] ?? null, places[at] ?? null));
      }
      expect([...places].sort()).toEqual(places);
      expect(new Set(places).size).toBe(places.length);
    }),
    { numRuns: 50 },
  );
});

test("[RH1] at both ends of a list places stay four digits; a thousand times in one gap they fit the column", () => {
  const down = placesAfter(null, 5000);
  let top = down[0] as string;
  for (let count = 0; count < 5000; count++) top = placeBetween(null, top);
  expect([down.at(-1)?.length, top.length, top < (down[0] as string)]).toEqual([4, 4, true]);
  let [low, high] = ["V000", "V001"];
  for (let count = 0; count < 1000; count++) {
    const place = placeBetween(low, high);
    if (count % 2 === 0) low = place;
    else high = place;
  }
  expect(placeBetween(low, high).length).toBeLessThanOrEqual(200);
});

test("[RH1] two cards in one place, and cards from before there were places, still have a place after them", () => {
  expect(placeBetween("V000", "V000") > "V000").toBe(true);
  expect(placeBetween("", "")).toBe("V000");
  expect(placeBetween("", "V000") < "V000").toBe(true);
  expect(placeBetween("zzzz", null) > "zzzz").toBe(true);
});
