/**
 * Writers of files for the crash tests: each with files of its own, which it uploads, replaces, copies, moves, attaches and removes at random.
 * It notes what was acknowledged, and of what was in flight when the server died both outcomes.
 */

import { createHash } from "node:crypto";
import { type Random, seeded } from "./random.ts";

/** What may lie under an address: digests, and null for nothing. */
export type Ledger = Map<string, ReadonlySet<string | null>>;

export interface FileWriters {
  readonly ledger: Ledger;
  readonly acknowledged: Readonly<Record<string, number>>;
  /** Of all kinds together. */
  total(): number;
  /** Ends when the server no longer answers; says how many requests were in flight then. */
  run(origin: string): Promise<number>;
}

interface Own {
  readonly random: Random;
  readonly papers: string[];
  readonly cases: string[];
}

const USER = { authorization: "Bearer dev:alice" };
const JSON_TYPE = { ...USER, "content-type": "application/json" };
const TYPE = "application/octet-stream";

export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export function fileWriters(seed: number, count: number): FileWriters {
  const ledger: Ledger = new Map();
  const acknowledged: Record<string, number> = {};
  const owns: Own[] = Array.from({ length: count }, (_, index) => ({
    random: seeded(seed, index + 1),
    papers: [],
    cases: [],
  }));
  const now = (at: string) => ledger.get(at) ?? new Set([null]);
  /** Until the answer is there, either may be the case. */
  const during = async (name: string, outcomes: ReadonlyMap<string, string | null>, work: () => Promise<unknown>) => {
    const before = new Map([...outcomes.keys()].map((at) => [at, now(at)]));
    for (const [at, after] of outcomes) ledger.set(at, new Set([...now(at), after]));
    const isDone = (await work()) !== false;
    for (const [at, after] of outcomes) ledger.set(at, isDone ? new Set([after]) : (before.get(at) ?? new Set([null])));
    if (isDone) acknowledged[name] = (acknowledged[name] ?? 0) + 1;
  };
  /** In this order at first, so that each of them is among what is done; then at random. */
  const kinds = [upload, inParts, replace, copy, attach, moveAcross, upload, remove];

  async function send(origin: string, method: string, path: string, body?: Uint8Array | object): Promise<Response> {
    const isRaw = body instanceof Uint8Array;
    const reply = await fetch(origin + path, {
      method,
      headers: isRaw ? { ...USER, "content-type": TYPE, "content-length": String(body.length) } : JSON_TYPE,
      ...(body === undefined ? {} : { body: isRaw ? (body as BodyInit) : JSON.stringify(body) }),
    });
    if (reply.status >= 500) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
    return reply;
  }
  const idOf = async (reply: Response) => ((await reply.json()) as { readonly id: string }).id;
  const bytesFor = ({ random }: Own) =>
    Uint8Array.from({ length: random.between(1, 40_000) }, () => random.between(0, 255));
  const announce = async (origin: string, root: string, bytes: Uint8Array) =>
    idOf(await send(origin, "POST", root, { name: "c.bin", type: TYPE, size: bytes.length }));
  const contentOf = (id: string) => `/api/papers/${id}/content`;

  async function upload(origin: string, own: Own): Promise<void> {
    const bytes = bytesFor(own);
    const at = contentOf(await announce(origin, "/api/papers", bytes));
    own.papers.push(at);
    await during("upload", new Map([[at, digestOf(bytes)]]), async () => (await send(origin, "PUT", at, bytes)).ok);
  }

  async function inParts(origin: string, own: Own): Promise<void> {
    const bytes = bytesFor(own);
    const at = contentOf(await announce(origin, "/api/papers", bytes));
    own.papers.push(at);
    const path = at.replace("/content", "/upload");
    await during("parts", new Map([[at, digestOf(bytes)]]), async () => {
      await send(origin, "POST", path);
      await send(origin, "PUT", `${path}/1`, bytes);
      return (await send(origin, "POST", `${path}/complete`)).ok;
    });
  }

  async function replace(origin: string, own: Own): Promise<void> {
    const at = held(own);
    if (at === undefined) return;
    const bytes = bytesFor(own);
    await during("replace", new Map([[at, digestOf(bytes)]]), async () => (await send(origin, "PUT", at, bytes)).ok);
  }

  async function copy(origin: string, own: Own): Promise<void> {
    const at = held(own);
    if (at === undefined) return;
    const [digest] = now(at);
    const reply = await send(origin, "POST", at.replace("/content", "/copy"), {});
    if (reply.status !== 201 || digest === undefined) return;
    const made = contentOf(await idOf(reply));
    own.papers.push(made);
    ledger.set(made, new Set([digest]));
    acknowledged.copy = (acknowledged.copy ?? 0) + 1;
  }

  async function remove(origin: string, own: Own): Promise<void> {
    const at = held(own);
    if (at === undefined) return;
    await during("remove", new Map([[at, null]]), async () => {
      return (await send(origin, "DELETE", at.replace("/content", ""))).ok;
    });
  }

  async function attach(origin: string, own: Own): Promise<void> {
    if (own.cases.length < 3) own.cases.push(await idOf(await send(origin, "POST", "/api/cases", { title: "case" })));
    const at = `/api/cases/${own.random.pick(own.cases)}/attachments/${own.random.between(1, 3)}.txt`;
    const text = new TextEncoder().encode(`attached ${own.random.next()}`);
    await during("attach", new Map([[at, digestOf(text)]]), async () => {
      const headers = { ...USER, "content-type": "text/plain", "content-length": String(text.length) };
      const reply = await fetch(origin + at, { method: "PUT", headers, body: text });
      if (reply.status >= 500) throw new Error(`${at}: ${reply.status}`);
      return reply.ok;
    });
  }

  async function moveAcross(origin: string, own: Own): Promise<void> {
    const bytes = bytesFor(own);
    const id = await announce(origin, "/api/@from/binned", bytes);
    const [from, into] = [`/api/@from/binned/${id}`, `/api/@into/binned/${id}`];
    const digest = digestOf(bytes);
    if (!(await sendTo(origin, `${from}/content`, bytes))) return;
    ledger.set(`${from}/content`, new Set([digest]));
    const outcomes = new Map([
      [`${from}/content`, null],
      [`${into}/content`, digest],
    ]);
    await during("move", outcomes, async () => {
      const headers = { ...JSON_TYPE, "if-match": "*" };
      const reply = await fetch(`${origin}${from}/move`, { method: "POST", headers, body: '{"to":"into"}' });
      if (reply.status >= 500) throw new Error(`${from}: ${reply.status}`);
      return reply.ok;
    });
  }

  async function sendTo(origin: string, at: string, bytes: Uint8Array): Promise<boolean> {
    const headers = { ...USER, "if-match": "*", "content-length": String(bytes.length) };
    const reply = await fetch(origin + at, { method: "PUT", headers, body: bytes as BodyInit });
    if (reply.status >= 500) throw new Error(`${at}: ${reply.status}`);
    return reply.ok;
  }

  /** One of its files that is there for certain. */
  function held({ random, papers }: Own): string | undefined {
    const there = papers.filter((at) => now(at).size === 1 && !now(at).has(null));
    return there.length === 0 ? undefined : random.pick(there);
  }

  return {
    ledger,
    acknowledged,
    total: () => Object.values(acknowledged).reduce((sum, each) => sum + each, 0),
    async run(origin) {
      const ends = await Promise.all(
        owns.map(async (own) => {
          try {
            if (own.papers.length === 0) for (const kind of kinds) await kind(origin, own);
            for (;;) await own.random.pick(kinds)(origin, own);
          } catch (error) {
            // The server is gone in the midst of it; what it still refused with 5xx has not been heard of as done either.
            return /fetch failed|ECONN|socket|terminated|: 50\d/.test(`${error} ${(error as Error).cause}`)
              ? null
              : error;
          }
        }),
      );
      const other = ends.find((end) => end !== null);
      if (other !== undefined) throw other;
      return ends.length;
    },
  };
}
