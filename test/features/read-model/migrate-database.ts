/** Before each test file: the tables of the read model, by the migrations that a deployment applies. */

import { applyD1Migrations, env } from "cloudflare:test";
import type { D1Migration } from "@cloudflare/vitest-plugin";
import { inject } from "vitest";

await applyD1Migrations(env.LEDGE_D1, JSON.parse(inject("d1Migrations")) as D1Migration[]);
