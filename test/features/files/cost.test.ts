/** What a file costs in the units that are billed: rows its object writes, requests that objects are asked, operations of the bucket. */

import { env } from "cloudflare:test";
import { expect, it } from "vitest";
import { FILES } from "../../bench/measured-usage.ts";
import { countRows } from "../../support/count-rows.ts";
import { app } from "./app.ts";
import { PNG, store, tables } from "./client.ts";

const DESK = "t/test/desk";

interface Spent {
  rowsWritten: number;
  objectRequests: number;
  bucketWrites: number;
  bucketReads: number;
}

/** The environment, whose objects and bucket count what they are asked. */
function countingEnv(spent: Spent): object {
  const own = env as unknown as { readonly LEDGE_FILES: R2Bucket };
  const counted = <T extends object>(target: T, note: (name: string) => void): T =>
    new Proxy(target, {
      get: (real, name) => {
        const value = Reflect.get(real, name) as unknown;
        if (typeof value !== "function") return value;
        return (...given: unknown[]) => {
          note(String(name));
          return Reflect.apply(value, real, given) as unknown;
        };
      },
    });
  return {
    ...env,
    LEDGE_TABLES: {
      getByName: (name: string) => counted(tables.getByName(name) as object, () => spent.objectRequests++),
    },
    LEDGE_FILES: counted(own.LEDGE_FILES, (name) => {
      if (name === "get" || name === "head") spent.bucketReads++;
      // What is deleted costs nothing.
      else if (name !== "delete") spent.bucketWrites++;
    }),
  };
}

async function spentBy(run: (env: object) => Promise<void>): Promise<Spent> {
  const spent: Spent = { rowsWritten: 0, objectRequests: 0, bucketWrites: 0, bucketReads: 0 };
  const { written } = await countRows(tables.getByName(DESK), () => run(countingEnv(spent)));
  return { ...spent, rowsWritten: written };
}

const headers = { authorization: "Bearer dev:alice" };

it("[FS2] a file from its announcement to its bytes, and its bytes back", async () => {
  await store("alice", "/api/papers", { name: "warm.png", type: "image/png" }, PNG);
  let id = "";
  const up = await spentBy(async (counting) => {
    const announced = await app.request(
      "/api/papers",
      {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify({ name: "a.png", type: "image/png", size: PNG.length }),
      },
      counting,
    );
    expect(announced.status).toBe(201);
    id = String(((await announced.json()) as { readonly id: unknown }).id);
    const stored = await app.request(`/api/papers/${id}/content`, { method: "PUT", headers, body: PNG }, counting);
    expect(stored.status).toBe(200);
  });
  expect(up).toEqual({
    rowsWritten: FILES.uploadRowsWritten,
    objectRequests: FILES.uploadRequests,
    bucketWrites: 1,
    bucketReads: 0,
  });
  const down = await spentBy(async (counting) => {
    const got = await app.request(`/api/papers/${id}/content`, { headers }, counting);
    expect((await got.arrayBuffer()).byteLength).toBe(PNG.length);
  });
  expect(down).toEqual({ rowsWritten: 0, objectRequests: 1, bucketWrites: 0, bucketReads: 1 });
});
