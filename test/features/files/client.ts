/** Requests of the files tests: as somebody, to the application, with rows and bytes as they come back. */

import { env, runDurableObjectAlarm, runInDurableObject, SELF } from "cloudflare:test";

export const PNG = Uint8Array.from([
  ...[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8, 6,
  ],
  ...[0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 10, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0, 1, 0, 0, 5, 0, 1],
  ...[0x0d, 0x0a, 0x2d, 0xb4, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82],
]);

export interface Sent {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  readonly json: Record<string, unknown>;
}

interface TestEnv {
  readonly LEDGE_FILES: R2Bucket;
  readonly LEDGE_TABLES: DurableObjectNamespace;
}
export const { LEDGE_FILES: bucket, LEDGE_TABLES: tables } = env as unknown as TestEnv;

export async function send(
  user: string | null,
  to: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Sent> {
  const [method = "", path = ""] = to.split(" ");
  const isRaw = body instanceof Uint8Array || body instanceof ReadableStream;
  const response = await SELF.fetch(`http://localhost${path}`, {
    method,
    redirect: "manual",
    headers: {
      ...(user === null ? {} : { authorization: `Bearer dev:${user}` }),
      ...(body === undefined || isRaw ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isRaw ? (body as BodyInit) : JSON.stringify(body) }),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  let json: Record<string, unknown> = {};
  try {
    json = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  } catch {
    // Bytes of a file.
  }
  return { status: response.status, headers: response.headers, bytes, json };
}

/** Announces a file and gives its id. */
export async function announce(user: string | null, root: string, row: object): Promise<string> {
  const { status, json } = await send(user, `POST ${root}`, row);
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(json)}`);
  return String(json.id);
}

/** Announces a file and sends its bytes. */
export async function store(user: string | null, root: string, row: object, bytes: Uint8Array): Promise<string> {
  const id = await announce(user, root, { ...row, size: bytes.byteLength });
  const { status, json } = await send(user, `PUT ${root}/${id}/content`, bytes);
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(json)}`);
  return id;
}

/** Announces a file and sends its bytes as the only part of an upload in parts. */
export async function storeInParts(user: string, root: string, row: object, bytes: Uint8Array): Promise<string> {
  const id = await announce(user, root, { ...row, size: bytes.byteLength });
  await send(user, `POST ${root}/${id}/upload`);
  await send(user, `PUT ${root}/${id}/upload/1`, bytes);
  const { status, json } = await send(user, `POST ${root}/${id}/upload/complete`);
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(json)}`);
  return id;
}

/** Everything in the bucket. */
export async function keys(prefix = ""): Promise<string[]> {
  return (await bucket.list({ prefix })).objects.map(({ key }) => key).sort();
}

/** A row of an object as it is stored. */
export function rowOf(object: string, table: string, id: string): Promise<Record<string, unknown> | undefined> {
  return runInDurableObject(
    tables.getByName(object),
    (_, state) =>
      state.storage.sql.exec(`SELECT * FROM ${table} WHERE id = ?`, id).toArray()[0] as
        | Record<string, unknown>
        | undefined,
  );
}

/** Delivers what is due, and what is due later as if it were now. */
export async function settle(object: string): Promise<void> {
  const stub = tables.getByName(object);
  for (let round = 0; round < 20; round++) {
    await runInDurableObject(stub, (_, state) => {
      state.storage.sql.exec("UPDATE _retries SET next_at = 0 WHERE next_at IS NOT NULL");
      state.storage.sql.exec("UPDATE _timers SET at = 0 WHERE name = 'outbox'");
      return state.storage.setAlarm(Date.now());
    });
    await runDurableObjectAlarm(stub);
    const left = await runInDurableObject(stub, (_, state) =>
      state.storage.sql
        .exec("SELECT (SELECT count(*) FROM _retries) + (SELECT count(*) FROM _timers WHERE name = 'outbox') AS left")
        .one(),
    );
    if (Number(left.left) === 0) return;
  }
}

/** A whole sweep, step by step. */
export async function sweep(act: "look" | "remove"): Promise<Record<"orphans" | "lost" | "overdue", unknown[]>> {
  const found = { orphans: [] as unknown[], lost: [] as unknown[], overdue: [] as unknown[] };
  let next: unknown;
  do {
    const { status, json } = await send("root,role=admin", "POST /_/files/sweep", {
      act,
      ...(next === undefined ? {} : { next }),
    });
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(json)}`);
    found.orphans.push(...(json.orphans as unknown[]));
    found.lost.push(...(json.lost as unknown[]));
    found.overdue.push(...(json.overdue as unknown[]));
    next = json.next;
  } while (next !== null);
  return found;
}
