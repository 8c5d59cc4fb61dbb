/** The platform drops an alarm that failed six times; an object that wakes with an overdue timer and no alarm sets it again. */

import { env, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";

const NAME = "t/test/hooked";

async function alarmAfterWaking(overdueMs: number): Promise<number | null> {
  const stub = () => env.LEDGE_TABLES.getByName(NAME) as unknown as DurableObjectStub & { ping(): Promise<unknown> };
  await stub().ping();
  await runInDurableObject(stub(), async (_instance, state) => {
    state.storage.sql.exec("INSERT OR REPLACE INTO _timers (name, at) VALUES ('outbox', ?)", Date.now() - overdueMs);
    await state.storage.deleteAlarm();
  });
  await evictDurableObject(stub());
  await stub().ping();
  return runInDurableObject(stub(), (_instance, state) => state.storage.getAlarm());
}

it("[TX40] an object whose alarm was lost sets it again when it wakes, so that effects go on", async () => {
  expect(await alarmAfterWaking(120_000)).not.toBeNull();
});

it("[TX40] an object whose timer is only just due leaves the alarm to the platform", async () => {
  expect(await alarmAfterWaking(1000)).toBeNull();
});
