import { expect, it } from "vitest";
import { ANONYMOUS } from "../../src/core/scope/principal.ts";
import type { LedgeEnv } from "../../src/edge/env.ts";
import { mayInspect } from "../../src/edge/may-inspect.ts";

const user = (...roles: string[]) => ({ kind: "user", id: "alice", roles, claims: {} }) as const;
const production = { LEDGE_ENV: "production" } as unknown as LedgeEnv;
const development = { LEDGE_ENV: "development" } as unknown as LedgeEnv;

it("[HT3] the tables as data and query plans are for administrators, and for everyone while developing", () => {
  expect(mayInspect({ env: production, principal: ANONYMOUS })).toBe(false);
  expect(mayInspect({ env: production, principal: user("editor") })).toBe(false);
  expect(mayInspect({ env: {} as LedgeEnv, principal: user() })).toBe(false);
  expect(mayInspect({ env: production, principal: user("admin") })).toBe(true);
  expect(mayInspect({ env: development, principal: ANONYMOUS })).toBe(true);
});
