/** Rows that an object's storage reads and writes, as its cursors count them: the unit that is billed. */

import { runInDurableObject } from "cloudflare:test";

export interface CountedRows {
  read: number;
  written: number;
}

/** Of the object behind the stub, while `run` runs. */
export async function countRows(stub: DurableObjectStub, run: () => Promise<void>): Promise<CountedRows> {
  const counted: CountedRows = { read: 0, written: 0 };
  await runInDurableObject(stub, (_instance, state) => {
    const { sql } = state.storage;
    const exec = sql.exec.bind(sql);
    Object.defineProperty(sql, "exec", {
      configurable: true,
      value: (statement: string, ...params: SqlStorageValue[]) => {
        const cursor = exec(statement, ...params);
        const settle = <T>(result: T): T => {
          counted.read += cursor.rowsRead;
          counted.written += cursor.rowsWritten;
          return result;
        };
        return { toArray: () => settle(cursor.toArray()), raw: () => settle([...cursor.raw()]) };
      },
    });
  });
  await run();
  await runInDurableObject(stub, (_instance, state) => {
    delete (state.storage.sql as { exec?: unknown }).exec;
  });
  return counted;
}
