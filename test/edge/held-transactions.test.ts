/** The pages of operators, while some objects do not answer ([TX47]). */

import { expect, test } from "vitest";
import { defineApp } from "../../src/ledge.ts";

const held = { txid: "x1", decider: "t/app/a", preparedAtMs: 0 };

/** Three objects: `a` decides and holds nothing, `b` holds, `c` throws; `isStuck`: `b` cannot carry out what it holds. */
function envWith({ isStuck }: { readonly isStuck: boolean }): { readonly env: object; readonly asked: string[] } {
  const asked: string[] = [];
  const answer = (object: string, kind: string): unknown => {
    if (object.endsWith("/c") || (isStuck && kind === "sync")) throw new Error("unreachable");
    if (kind === "resolve") return { outcome: { kind: "aborted" } };
    return object.endsWith("/b") && kind === "held" ? [held] : [];
  };
  const getByName = (object: string) => ({
    objects: async () => ["t/app/a", "t/app/b", "t/app/c"].map((name) => ({ object: name })),
    agree: async (text: string) => {
      const { kind } = JSON.parse(text) as { readonly kind: string };
      asked.push(`${kind} ${object}`);
      return JSON.stringify(answer(object, kind));
    },
  });
  const env = {
    ...{ LEDGE_ENV: "development", LEDGE_SECRET: "node-secret-node-secret-node-secret-0123" },
    ...{ LEDGE_LOG_LEVEL: "silent", LEDGE_TABLES: { getByName } },
  };
  return { env, asked };
}

const app = defineApp({ name: "app", resources: [] });
const json = async (path: string, env: object, method = "GET") => {
  const reply = await app.request(path, { method }, env as never);
  return [reply.status, await reply.json()];
};

test("[TX47] the list names the objects that did not answer, and what the others hold", async () => {
  const { env } = envWith({ isStuck: false });
  expect(await json("/_/transactions", env)).toMatchObject([
    200,
    { transactions: [{ txid: "x1", object: "t/app/b" }], objects: 3, asked: 3, silent: ["t/app/c"] },
  ]);
});

test("[TX47] ?object= asks that one alone", async () => {
  const { env, asked } = envWith({ isStuck: false });
  expect(await json("/_/transactions?object=t/app/b", env)).toMatchObject([200, { asked: 1, silent: [] }]);
  expect(await json("/_/transactions?object=t/other/b", env)).toMatchObject([200, { asked: 0, transactions: [] }]);
  expect(asked).toEqual(["held t/app/b"]);
});

test("[TX47] ending tells what was decided, also when a part cannot carry it out yet", async () => {
  expect(await json("/_/transactions/x1", envWith({ isStuck: false }).env, "DELETE")).toEqual([
    200,
    { txid: "x1", outcome: "aborted" },
  ]);
  expect(await json("/_/transactions/x1", envWith({ isStuck: true }).env, "DELETE")).toEqual([
    200,
    { txid: "x1", outcome: "aborted", waiting: ["t/app/b"] },
  ]);
});
