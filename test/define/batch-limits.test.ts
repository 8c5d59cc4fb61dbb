/** The limits of batches are checked when the application starts ([HT46]). */

import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { describe, expect, it } from "vitest";
import type { ResourceConfig } from "../../src/define/config.ts";
import { resource } from "../../src/define/resource.ts";

const limitsOf = (batch: object) => {
  const config = { batch } as unknown as ResourceConfig;
  return resource(sqliteTable("things", { id: text("id").primaryKey() }), config as never).spec.batch;
};

describe("batch limits", () => {
  it("[HT46] are 100 for each operation unless given; false is 0; confirmation is off", () => {
    expect(limitsOf({ update: 5, upsert: false, delete: 0 })).toEqual({
      limits: { create: 100, update: 5, replace: 100, delete: 0, upsert: 0 },
      confirm: false,
    });
    expect(limitsOf({ confirm: true }).confirm).toBe(true);
  });

  it.each([
    [{ create: -1 }, /batch\.create is -1\. Give an integer from 0 to 10000, or false/],
    [{ create: 1.5 }, /batch\.create is 1\.5/],
    [{ create: 10_001 }, /batch\.create is 10001/],
    [{ create: "7" }, /batch\.create is 7/],
    [{ create: true }, /batch\.create is true/],
    [{ insert: 5 }, /batch\.insert is no operation\. Operations are: create, update, replace, delete, upsert/],
  ])("[HT46] %o does not start", (batch, message) => {
    expect(() => limitsOf(batch)).toThrow(message);
  });
});
