/** What `ledge read-model` says when it is refused, and of a walk that came to its end. */

import { expect, it } from "vitest";
import { refusalText, troubleOf } from "../../src/cli/read-model-command.ts";

const URL = "http://127.0.0.1:8787";

it("[RM5] a refusal of the operators' command says what to do about it, and shows no JSON", () => {
  expect(refusalText(URL, 403, '{"detail":"no"}')).toMatch(/administrators.*--token/);
  expect(refusalText(URL, 401, "")).toMatch(/--token/);
  expect(refusalText(URL, 404, "")).toMatch(/readModel\(\) among the features/);
  const unknown = '{"errors":[{"field":"tables","message":"names no copied table: nope"}]}';
  expect(refusalText(URL, 400, unknown)).toBe(`${URL} answered 400: names no copied table: nope`);
});

it("[RM5] a walk that found a difference, a copy without an object, or nothing at all is no success", () => {
  const same = { object: "t/app/a", kind: "same", looked: 3 };
  const noted = { object: "t/app/b", outcome: "noted" };
  expect(troubleOf("compare", [same, noted])).toBeNull();
  for (const kind of ["different", "busy", "unregistered"])
    expect(troubleOf("compare", [same, { object: "t/app/c", kind }])).toMatch(/not everything/);
  for (const outcome of ["failed", "unready"])
    expect(troubleOf("follow", [noted, { object: "t/app/c", outcome }])).toMatch(/not everything/);
  // Objects that are not copied have nothing to compare.
  for (const lines of [[], [noted]]) expect(troubleOf("compare", lines)).toMatch(/nothing was there/);
  for (const act of ["follow", "rebuild"]) expect(troubleOf(act, [])).toMatch(/nothing was there/);
  expect(troubleOf("follow", [noted])).toBeNull();
  expect(troubleOf("drop", [])).toBeNull();
});
