/** Ids that the client makes: what tables with the default ids take, by time, wherever there is a source of chance. */

import { afterEach, expect, test, vi } from "vitest";
import { isCreatableId } from "../../src/core/ids.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

for (const where of ["with randomUUID", "over plain http, without it", "without crypto"] as const)
  test(`[HT6] newId makes another UUIDv7 each time, in order of time (${where})`, async () => {
    if (where !== "with randomUUID") vi.stubGlobal("crypto", where === "without crypto" ? undefined : {});
    const { newId } = await import("../../src/client/new-id.ts");
    const ids = Array.from({ length: 1_000 }, (_, index) => newId(1_700_000_000_000 + index));
    expect(ids.filter((id) => !isCreatableId(id, "uuid"))).toEqual([]);
    expect(new Set(Array.from({ length: 1_000 }, () => newId(1_700_000_000_000))).size).toBe(1_000);
    expect([...ids].sort()).toEqual(ids);
    expect(ids[0]?.slice(0, 13)).toBe("018bcfe5-6800");
  });
