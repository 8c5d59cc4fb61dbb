/** Operations by name of the table, in memory: what a test of a handler may rely on ([TX11]). */

import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/core/fault.ts";
import { eq } from "../../src/core/query/build.ts";
import { createEntityContext } from "../../src/edge/transaction/entity-context.ts";
import { memoryDriver } from "../../src/edge/transaction/memory-driver.ts";
import * as tables from "./tables.ts";

const open = () => createEntityContext(memoryDriver([tables.notes, tables.numbers]));
const slugOf = async (run: Promise<unknown>) =>
  run.then(
    () => null,
    (error: unknown) => (error as Fault).data.slug,
  );

describe("entities in memory", () => {
  test("[TX11] create, findOne, findMany, update and delete, with defaults and validation", async () => {
    const entities = open();
    const made = await entities.create("notes", { title: "a", data: { x: 1 } });
    expect(made).toMatchObject({ title: "a", rank: 1, data: { x: 1 }, body: null });
    await entities.create("notes", { title: "b", rank: 5 });
    expect(await entities.findOne("notes", { title: "b" })).toMatchObject({ rank: 5 });
    expect(await entities.findOne("notes", eq("title", "c"))).toBeNull();
    expect((await entities.findMany("notes", "rank>0", { orderBy: "-rank" })).map(({ title }) => title)).toEqual([
      "b",
      "a",
    ]);
    expect(await entities.update("notes", { title: "a" }, { rank: 9 })).toEqual({ count: 1, ids: [made.id] });
    expect(await entities.delete("notes", eq("rank", 9))).toEqual({ count: 1, ids: [made.id] });
    expect(await entities.create("numbers", { name: "n" })).toMatchObject({ id: 1 });
  });

  test("[TX11] failures are those of the real ones", async () => {
    const entities = open();
    const { id } = await entities.create("notes", { title: "a" });
    expect(await slugOf(entities.create("notes", { id, title: "b" }))).toBe("conflict");
    expect(await slugOf(entities.create("notes", {}))).toBe("validation-error");
    expect(await slugOf(entities.create("notes", { id: "short", title: "b" }))).toBe("validation-error");
    expect(await slugOf(entities.update("notes", { title: "a" }, { rank: "many" }))).toBe("validation-error");
    expect(await slugOf(entities.delete("notes", {}))).toBe("validation-error");
    expect(await slugOf(entities.findOne("notes", "nothing==1"))).toBe("filter-parse-error");
    expect(await slugOf(entities.findOne("nowhere", {}))).toBe("not-found");
  });

  test("[TX13] a transaction that throws leaves nothing", async () => {
    const entities = open();
    await entities.create("notes", { title: "kept" });
    const failed = entities.transaction(async (tx) => {
      await tx.create("notes", { title: "gone" });
      await tx.update("notes", { title: "kept" }, { rank: 7 });
      throw new Error("no");
    });
    await expect(failed).rejects.toThrow("no");
    expect(await entities.findMany("notes")).toMatchObject([{ title: "kept", rank: 1 }]);
    await entities.transaction(async (tx) => tx.create("notes", { title: "second" }));
    expect(await entities.findMany("notes")).toHaveLength(2);
  });
});
