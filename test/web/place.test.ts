/** What the address of the board names, and when going back puts a task away. */

import { expect, test } from "vitest";
import { leadsBack, type Place, parsePlace, placeHref } from "../../src/web/client/board/place.ts";

const page = "https://board.example/board";
const place: Place = { board: "b1", view: "board", task: "t1" };

test("[RH1] a place is the same after it was written into an address", () => {
  for (const each of [place, { ...place, view: "list" }, { board: null, view: "board", task: null }] as const)
    expect(parsePlace(placeHref(each))).toEqual(each);
});

test("[RH1] a task is put away by going back only where its own board, in the same view, is what came before", () => {
  const before = (url: string | null) => leadsBack(url, `${page}#board=b1&task=t1`, place);
  expect([before(`${page}#board=b1`), before(page)]).toEqual([true, true]);
  for (const url of [
    null,
    "https://board.example/about",
    `${page}?as=bob#board=b1`,
    `${page}#board=b2`,
    `${page}#board=b1&view=list`,
    `${page}#board=b1&task=t2`,
  ])
    expect([url, before(url)]).toEqual([url, false]);
});
