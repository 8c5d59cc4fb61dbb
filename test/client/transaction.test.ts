/** What a list of operations sends and returns, and what it costs whoever bundles it ([TX1] [TX26]). */

import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { ConflictError, createClient } from "../../src/client/ledge-client.ts";
import { runSequential, transaction } from "../../src/client/transaction.ts";
import { ROOT } from "../house/project-files.ts";
import { fakePlatform, type Serve } from "./fake-server.ts";

function open(serve: Serve) {
  const platform = fakePlatform(serve);
  return { platform, client: createClient({ url: "https://x.test", platform }) };
}
const operations = [{ op: "create", resource: "tasks", as: "t", data: { title: "x" } }] as const;
const reply = { ok: true, txid: "1", results: { t: { id: "a" } }, steps: [], seqs: [] };

describe("lists of operations", () => {
  test("[TX1] transaction posts the list under one key, also when it is repeated", async () => {
    const { platform, client } = open((_, index) => (index === 0 ? "lost" : { body: reply }));
    const result = await transaction<{ t: { id: string } }>(client, operations, { isolation: "committed" });
    expect(result.results.t.id).toBe("a");
    expect(platform.sent.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "POST https://x.test/api/transaction",
      "POST https://x.test/api/transaction",
    ]);
    expect(platform.sent[0]?.body).toEqual({ operations, isolation: "committed" });
    const [first, second] = platform.sent.map(({ headers }) => headers["idempotency-key"]);
    expect(first).toBeTruthy();
    expect(second).toBe(first);
  });

  test("[TX1] it rejects with the failure of its operation", async () => {
    const problem = { code: "CONFLICT", status: 409, detail: "No", reason: "unique", index: 1, as: "t" };
    const { client } = open(() => ({ status: 409, body: problem }));
    const error = await transaction(client, operations).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConflictError);
    expect((error as ConflictError).details).toMatchObject({ index: 1, as: "t" });
  });

  test("[TX26] runSequential resolves with every step, also when it has stopped", async () => {
    const stopped = { ...reply, ok: false, steps: [{ index: 0, status: "failed" }] };
    const { platform, client } = open(() => ({ status: 207, body: stopped }));
    expect(await runSequential(client, operations, { idempotencyKey: "mine" })).toEqual(stopped);
    expect(platform.sent[0]).toMatchObject({
      body: { operations, atomic: false },
      headers: { "idempotency-key": "mine" },
    });
  });

  test("[SDK10] it costs half a KB, gzipped, and nothing for whoever does not import it", async () => {
    const { outputFiles } = await build({
      stdin: { contents: 'export * from "./src/client/transaction.ts";', resolveDir: ROOT },
      bundle: true,
      minify: true,
      format: "esm",
      write: false,
      outdir: "out",
    });
    expect(gzipSync(outputFiles[0]!.contents, { level: 9 }).length).toBeLessThanOrEqual(512);
  });
});
