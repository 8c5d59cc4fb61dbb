/** Before each test file: the tables of sign-in, by the migrations that a deployment applies. */

import { applyD1Migrations, env } from "cloudflare:test";
import type { D1Migration } from "@cloudflare/vitest-plugin";

await applyD1Migrations(env.LEDGE_D1, JSON.parse(env.D1_MIGRATIONS) as D1Migration[]);
