/** Ids made of parts: a UUIDv7 from a time and a random UUID. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { isCreatableId, timedUuid } from "../../src/core/ids.ts";

it("[HT6] a made id is a UUIDv7 whose first digits are the time, so that ids sort by age", () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 47 - 1 }), fc.uuid({ version: 4 }), (nowMs, random) => {
      const id = timedUuid(nowMs, random);
      expect(isCreatableId(id, "uuid")).toBe(true);
      expect(Number.parseInt(id.slice(0, 13).replace("-", ""), 16)).toBe(nowMs);
      expect(id.slice(15)).toBe(random.slice(15));
    }),
  );
});
