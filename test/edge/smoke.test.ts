import { expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { answer, fakeTables, token } from "./fake-tables.ts";
test("smoke", async () => {
  const { env, calls } = fakeTables(() => answer());
  const dev = { ...env, LEDGE_ENV: "development" };
  const show = async (r: Response) => console.log(r.status, Object.fromEntries(r.headers), await r.text());
  await show(await app.request("/api/tasks?limit=3&filter=status==%22todo%22", {}, dev));
  await show(await app.request("/api/tasks", { method: "POST", headers: { "content-type": "application/json", authorization: "Bearer dev:alice" }, body: JSON.stringify({ title: "x", projectId: "p", status: "nope" }) }, dev));
  await show(await app.request("/api/tasks", { method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${await token({ sub: "alice" })}` }, body: JSON.stringify({ title: "x", projectId: "p" }) }, env));
  await show(await app.request("/api/@lobby/messages", { headers: { authorization: "Bearer dev:alice" } }, dev));
  await show(await app.request("/api/messages", {}, dev));
  await show(await app.request("/api/tasks/count", { method: "PATCH" }, dev));
  await show(await app.request("/readyz", { }, dev));
  console.log(JSON.stringify(calls, null, 1));
  expect(1).toBe(1);
});
