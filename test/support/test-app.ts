/** The test application; its migrations are generated before the tests run (test/support/generate-migrations.ts). */

import { defineApp } from "ledge";
import * as batchTables from "./batch-tables.ts";
import { films } from "./film-table.ts";
import * as memberTables from "./member-tables.ts";
import * as searchTables from "./search-tables.ts";
import * as signUpExample from "./sign-up-example.ts";
import * as tables from "./test-tables.ts";
import { endpoints, script, tally } from "./transaction-endpoints.ts";
import * as transactionTables from "./transaction-tables.ts";
import { vault } from "./vault-table.ts";

export const app = defineApp({
  name: "test",
  resources: Object.values({
    ...tables,
    ...batchTables,
    ...memberTables,
    ...searchTables,
    ...transactionTables,
    ...signUpExample,
    films,
    vault,
  }).filter(
    (value): value is Extract<typeof value, { readonly kind: "resource" }> =>
      typeof value === "object" && "kind" in value && value.kind === "resource",
  ),
  transactions: { http: true },
  endpoints: [...endpoints, signUpExample.signUp],
  services: { tally: () => tally },
  effects: {
    "welcome-mail": (payload, { key, attempt }) => void tables.delivered.push({ key, attempt, payload }),
    ping: async (payload, { key, attempt }) => {
      while (tables.holding.effects) await new Promise((resume) => setTimeout(resume, 10));
      if (tables.failing.effects > 0) {
        tables.failing.effects -= 1;
        throw new Error("not now");
      }
      tables.delivered.push({ key, attempt, payload });
    },
  },
})
  // What a test gives as server code.
  .route("POST", "/api/script", async (context) => script.run?.(context) ?? null);
