import { expect, test } from "vitest";
import { ValidationError } from "../../src/define/http-error.ts";
import { requireValid } from "../../src/edge/require-valid.ts";

test("[VA7] a hand-written check that fails is a validation-error with its errors", () => {
  const errors = ["to must be after from", { field: "to", message: "is too late", code: "range" }];
  let caught: unknown;
  try {
    requireValid({ valid: false, errors });
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(ValidationError);
  expect((caught as ValidationError).data).toMatchObject({
    slug: "validation-error",
    errors: [{ field: "", message: "to must be after from" }, errors[1]],
  });
  expect(() => requireValid({ valid: false })).toThrow("The request is not valid");
});

test("[VA7] one that passes lets the route go on", () => {
  expect(() => requireValid({ valid: true, errors: ["ignored"] })).not.toThrow();
});
