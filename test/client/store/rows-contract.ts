/** What every storage of rows must do; runs in Node and in a browser, on a storage that is empty. Gives what it does not do. */

import type { KeptRows, RowStorage } from "../../../src/client/ledge-client-store.ts";

export async function rowsContract(storage: RowStorage, again: () => RowStorage): Promise<string[]> {
  const faults: string[] = [];
  const check = (what: string, isSo: boolean) => {
    if (!isSo) faults.push(what);
  };
  const kept = (key: string, savedAtMs: number, title = key): KeptRows => ({
    key,
    path: key.startsWith("x") ? "/lists" : "/tasks",
    position: `e:${savedAtMs}:t`,
    rows: [{ row: { id: "a", title, deep: { list: [null, 1.5] } }, v: "1" }],
    aggregate: null,
    hasMore: null,
    rowKey: "id",
    kinds: { id: "text" },
    savedAtMs,
  });
  const titleOf = async (key: string) => (await again().load(key))?.rows[0]?.row.title ?? null;

  check("what was not kept is not there", (await storage.load("a")) === null);
  await storage.save([kept("a", 1), kept("b", 2)]);
  check("rows come back as they were given", JSON.stringify(await storage.load("a")) === JSON.stringify(kept("a", 1)));
  await storage.save([kept("a", 3, "later")]);
  check("what is kept again takes its place", (await titleOf("a")) === "later");
  check("with its position", (await storage.load("a"))?.position === "e:3:t");
  await storage.save([kept("x", 4)]);
  await storage.clear("/tasks");
  check("those of one table go", (await titleOf("a")) === null && (await titleOf("b")) === null);
  check("and no others", (await titleOf("x")) === "x");
  await storage.save(Array.from({ length: 120 }, (_, index) => kept(`t${index}`, 10 + index)));
  check("the oldest go", (await titleOf("x")) === null && (await titleOf("t19")) === null);
  check("the latest hundred stay", (await titleOf("t20")) === "t20" && (await titleOf("t119")) === "t119");
  await storage.clear();
  check("all of them go", (await titleOf("t119")) === null);
  return faults;
}
