import { expect, test } from "vitest";
import { countedObjects, enterObject, leaveObject, MAX_CALLS_IN_FLIGHT } from "../../src/edge/calls-in-flight.ts";
import { CALL_TIMEOUT_MS } from "../../src/edge/limits.ts";

const T0 = CALL_TIMEOUT_MS * 1000;
const fill = (object: string, nowMs: number) => {
  for (let n = 0; n < MAX_CALLS_IN_FLIGHT; n++) expect(enterObject(object, nowMs)).not.toBeNull();
};

test("[HT72] calls beyond the limit are refused, each object for itself, until one ends", () => {
  fill("a", T0);
  expect(enterObject("a", T0)).toBeNull();
  const other = enterObject("b", T0);
  expect(other).not.toBeNull();
  leaveObject("a", 1000);
  expect(enterObject("a", T0)).toBe(1000);
  expect(enterObject("a", T0)).toBeNull();
});

test("[HT72] a call under way still counts in the next window", () => {
  fill("c", T0);
  expect(enterObject("c", T0 + CALL_TIMEOUT_MS)).toBeNull();
  leaveObject("c", 1000);
  expect(enterObject("c", T0 + CALL_TIMEOUT_MS)).toBe(1001);
});

test("[HT72] calls that never told of their end, since their client hung up, are forgotten in time", () => {
  fill("d", T0);
  expect(enterObject("d", T0 + 2 * CALL_TIMEOUT_MS)).toBe(1002);
  // The end of one that was forgotten changes nothing.
  leaveObject("d", 1000);
  for (let n = 1; n < MAX_CALLS_IN_FLIGHT; n++) expect(enterObject("d", T0 + 2 * CALL_TIMEOUT_MS)).toBe(1002);
  expect(enterObject("d", T0 + 2 * CALL_TIMEOUT_MS)).toBeNull();
});

test("[HT72] objects whose calls all hung up are forgotten, however many there were", () => {
  const later = T0 + 10 * CALL_TIMEOUT_MS;
  for (let n = 0; n < 15_000; n++) enterObject(`e${n}`, later);
  expect(countedObjects()).toBeGreaterThanOrEqual(15_000);
  // Those of the window before may still be under way.
  enterObject("f", later + CALL_TIMEOUT_MS);
  expect(countedObjects()).toBeGreaterThanOrEqual(15_000);
  enterObject("g", later + 2 * CALL_TIMEOUT_MS);
  expect(countedObjects()).toBeLessThan(10);
});
