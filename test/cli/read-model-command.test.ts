/** What `ledge read-model` says when it is refused. */

import { expect, it } from "vitest";
import { refusalText } from "../../src/cli/read-model-command.ts";

const URL = "http://127.0.0.1:8787";

it("[RM5] a refusal of the operators' command says what to do about it, and shows no JSON", () => {
  expect(refusalText(URL, 403, '{"detail":"no"}')).toMatch(/administrators.*--token/);
  expect(refusalText(URL, 401, "")).toMatch(/--token/);
  expect(refusalText(URL, 404, "")).toMatch(/readModel\(\) among the features/);
  const unknown = '{"errors":[{"field":"tables","message":"names no copied table: nope"}]}';
  expect(refusalText(URL, 400, unknown)).toBe(`${URL} answered 400: names no copied table: nope`);
});
