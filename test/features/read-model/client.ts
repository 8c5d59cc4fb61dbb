/** Requests of the read model's tests, the alarms that bring copies on, and what D1 holds. */

import { env, runDurableObjectAlarm, runInDurableObject, SELF } from "cloudflare:test";

export interface Sent {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Record<string, unknown>;
}

export async function send(
  user: string | null,
  to: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Sent> {
  const [method = "", path = ""] = to.split(" ");
  const response = await SELF.fetch(`http://localhost${path}`, {
    method,
    headers: {
      ...(user === null ? {} : { authorization: `Bearer dev:${user}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: text === "" ? {} : JSON.parse(text) };
}

/** Runs the alarm of an object until nothing of its copy is left to do. */
export async function settle(object: string): Promise<void> {
  const stub = env.LEDGE_TABLES.getByName(object);
  for (let round = 0; round < 20; round++) {
    const isDue = await runInDurableObject(stub, async (_, state) => {
      const due = state.storage.sql.exec("UPDATE _timers SET at = 0 WHERE name = 'news' RETURNING name").toArray();
      if (due.length > 0) await state.storage.setAlarm(Date.now() + 60_000);
      return due.length > 0;
    });
    if (!isDue) return;
    await runDurableObjectAlarm(stub);
  }
  throw new Error(`${object} does not come to rest`);
}

/** Runs what the object has to tell now, whenever it is due. */
export async function ring(object: string): Promise<void> {
  const stub = env.LEDGE_TABLES.getByName(object);
  await runInDurableObject(stub, async (_, state) => {
    state.storage.sql.exec("UPDATE _timers SET at = 0 WHERE name = 'news'");
    await state.storage.setAlarm(Date.now() + 60_000);
  });
  await runDurableObjectAlarm(stub);
}

/** When (ms) the object is to tell again; null: it has nothing to tell. */
export async function timerOf(object: string): Promise<number | null> {
  return runInDurableObject(env.LEDGE_TABLES.getByName(object), (_, state) => {
    const [row] = state.storage.sql.exec<{ at: number }>("SELECT at FROM _timers WHERE name = 'news'").toArray();
    return row?.at ?? null;
  });
}

export async function d1(sql: string, ...params: unknown[]): Promise<Record<string, unknown>[]> {
  return (
    await env.LEDGE_D1.prepare(sql)
      .bind(...params)
      .all<Record<string, unknown>>()
  ).results;
}

export const items = ({ json }: Sent): Record<string, unknown>[] => json.items as Record<string, unknown>[];
