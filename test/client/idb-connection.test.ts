/** A connection to a database of the browser that does not last; the real one is tried in Chromium (`test/e2e/offline.test.ts`). */

import { expect, test } from "vitest";
import { type Closable, IdbConnection } from "../../src/client/idb-connection.ts";

class Database implements Closable {
  isClosed = false;
  onclose: (() => void) | null = null;
  onversionchange: (() => void) | null = null;
  readonly name: number;
  constructor(name: number) {
    this.name = name;
  }
  close(): void {
    this.isClosed = true;
  }
  transaction(): number {
    if (this.isClosed)
      throw Object.assign(new Error("The database connection is closing"), { name: "InvalidStateError" });
    return this.name;
  }
}

function open() {
  const made: Database[] = [];
  const connection = new IdbConnection(async () => {
    const database = new Database(made.length);
    made.push(database);
    return database;
  });
  return { made, use: () => connection.use((database) => database.transaction()), connection };
}

test("[O5] a connection is opened once, and anew when the browser has closed it or another tab wants it", async () => {
  const { made, use } = open();
  expect([await use(), await use()]).toEqual([0, 0]);
  made[0]?.close();
  made[0]?.onclose?.();
  expect(await use()).toBe(1);
  made[1]?.onversionchange?.();
  expect([made[1]?.isClosed, await use()]).toEqual([true, 2]);
});

test("[O5] whoever keeps something there is told when the browser has closed it, not when it was given up for another tab", async () => {
  const made: Database[] = [];
  let told = 0;
  const connection = new IdbConnection(
    async () => made[made.push(new Database(made.length)) - 1] as Database,
    () => void told++,
  );
  await connection.use(() => {});
  made[0]?.onversionchange?.();
  await connection.use(() => {});
  expect(told).toBe(0);
  made[1]?.onclose?.();
  expect(told).toBe(1);
});

test("[O5] one that was closed unsaid is opened anew, once for all who ask", async () => {
  const { made, use } = open();
  await use();
  made[0]?.close();
  expect(await Promise.all([use(), use(), use()])).toEqual([1, 1, 1]);
  expect(made).toHaveLength(2);
});

test("[O5] what fails again is told, and tried anew by the next who asks; other failures are not repeated", async () => {
  let opened = 0;
  const connection = new IdbConnection(async () => {
    if (++opened <= 2) throw Object.assign(new Error("closed"), { name: "InvalidStateError" });
    return new Database(opened);
  });
  await expect(connection.use((database) => database.transaction())).rejects.toThrow("closed");
  expect(await connection.use((database) => database.transaction())).toBe(3);
  const full = () => {
    throw new Error("full");
  };
  await expect(connection.use(full)).rejects.toThrow("full");
  expect(opened).toBe(3);
});
