/** Requests of the jobs tests, and looks into the object of the jobs. */

import { env, runDurableObjectAlarm, runInDurableObject, SELF } from "cloudflare:test";
import { vi } from "vitest";
import { countRows } from "../../support/count-rows.ts";

export const { LEDGE_TABLES: tables } = env as unknown as { readonly LEDGE_TABLES: DurableObjectNamespace };
export const JOBS = "t/test/jobs";

export interface Sent {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: replies as JSON.parse gives them
  readonly json: any;
}

export async function send(user: string | null, to: string, body?: unknown): Promise<Sent> {
  const [method = "", path = ""] = to.split(" ");
  const response = await SELF.fetch(`http://localhost${path}`, {
    method,
    headers: {
      ...(user === null ? {} : { authorization: `Bearer dev:${user}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, json: text === "" ? null : JSON.parse(text) };
}

export async function enqueueJob(name: string, input: unknown, options: object = {}): Promise<string> {
  const { status, json } = await send(null, `POST /enqueue/${name}`, { input, ...options });
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(json)}`);
  return json.id;
}

/** A row of a table as an administrator sees it. */
export async function row(id: string, table = "jobs"): Promise<Sent["json"]> {
  return (await send("root,role=admin", `GET /api/${table}/${id}`)).json;
}

/** Waits until a job is in this state. */
export function until(id: string, state: string): Promise<Sent["json"]> {
  return vi.waitFor(
    async () => {
      const job = await row(id);
      if (job.state !== state) throw new Error(`${id} is ${JSON.stringify(job)}, not ${state}`);
      return job;
    },
    { timeout: 15_000, interval: 10 },
  );
}

/** SQL inside the object of the jobs. */
export function sql(query: string, ...params: unknown[]): Promise<Record<string, unknown>[]> {
  return runInDurableObject(tables.getByName(JOBS), (_, state) =>
    state.storage.sql.exec(query, ...params).toArray(),
  ) as Promise<Record<string, unknown>[]>;
}

/** The alarm of the object rings as if the time in these rows had come. */
export async function ring(where = "1 = 1"): Promise<void> {
  await sql(`UPDATE jobs SET wake_at = 1 WHERE wake_at IS NOT NULL AND ${where}`);
  await sql("UPDATE _timers SET at = 1 WHERE name = 'wake'");
  await runDurableObjectAlarm(tables.getByName(JOBS));
}

/** Rows that the object of the jobs writes meanwhile, as SQLite counts them: what is billed. */
export async function rowsWritten(run: () => Promise<void>): Promise<number> {
  return (await countRows(tables.getByName(JOBS), run)).written;
}
