/**
 * HTTP scenarios on real workerd: a request, its status, what the reply must and must *not* contain, by how much the object's
 * seq advanced, and which hooks ran, in order. The negative columns find the leaks.
 */

import { env, runInDurableObject, SELF } from "cloudflare:test";
import { expect, it, vi } from "vitest";
import { setLogThreshold } from "../../durable-objects/table/log-line.ts";
import { hookLog } from "./test-tables.ts";

export type Headers_ = Readonly<Record<string, string>>;

export interface Scenario {
  /** Begins with the rule it holds: `[HT14] a row outside the scope is 404`. */
  readonly name: string;
  /** Requests that set the stage; each must succeed. Their bodies' members are kept under `as` for `{as.member}` below. */
  readonly given?: readonly Step[];
  readonly when: Step;
  readonly status: number;
  /** Texts or patterns that must occur in the body. */
  readonly has?: readonly (string | RegExp)[];
  /** Texts or patterns that must not occur anywhere in the body or headers. */
  readonly hasNot?: readonly (string | RegExp)[];
  /** Header name → exact text, a pattern, or null for absent. */
  readonly headers?: Readonly<Record<string, string | RegExp | null>>;
  /** Members that the JSON body must have (a subset). */
  readonly json?: object;
  /** By how much the ledger of `object` advances. */
  readonly seq?: number;
  /** The object that `seq` is about; default: the one that the request's table names. */
  readonly object?: string;
  /** Hooks that run during `when`, in order. */
  readonly hooks?: readonly string[];
  readonly then?: (result: Result) => void | Promise<void>;
}

export interface Step {
  /** `alice` or `alice,role=admin`: a development token; absent: anonymous. */
  readonly user?: string;
  /** `PATCH /api/articles/{a.id}?x=1` */
  readonly to: string;
  readonly body?: unknown;
  /** A body sent as it is, without content-type unless given. */
  readonly raw?: string | Uint8Array;
  readonly headers?: Headers_;
  /** Name under which the reply is kept: `{a.id}` in later paths, bodies and headers; `{a.etag}` is its tag. */
  readonly as?: string;
}

export interface Result {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; undefined when it is none. */
  readonly body: Record<string, unknown>;
  readonly kept: Readonly<Record<string, Record<string, unknown>>>;
}

/** Declares one test a row. */
export function scenarios(rows: readonly Scenario[]): void {
  for (const row of rows) it(row.name, () => play(row));
}

export async function play(scenario: Scenario): Promise<void> {
  const kept: Record<string, Record<string, unknown>> = {};
  for (const step of scenario.given ?? []) {
    const result = await send(step, kept);
    if (result.status >= 400) throw new Error(`given ${step.to} answered ${result.status}: ${result.text}`);
  }
  const object = scenario.object ?? objectOf(scenario.when.to);
  const before = scenario.seq === undefined ? 0 : await ledgerSeq(object);
  hookLog.length = 0;
  const result = await send(scenario.when, kept);
  expect(result.status, result.text).toBe(scenario.status);
  if (scenario.json !== undefined) expect(result.body).toMatchObject(fill(scenario.json, kept) as object);
  const head = [...result.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  for (const text of scenario.has ?? []) expect(result.text).toMatch(pattern(text, kept));
  for (const text of scenario.hasNot ?? []) expect(`${head}\n\n${result.text}`).not.toMatch(pattern(text, kept));
  for (const [name, value] of Object.entries(scenario.headers ?? {})) {
    const actual = result.headers.get(name);
    if (value === null) expect(actual, name).toBeNull();
    else expect(actual ?? "", name).toMatch(typeof value === "string" ? exactly(String(fill(value, kept))) : value);
  }
  if (scenario.seq !== undefined) expect((await ledgerSeq(object)) - before, "seq").toBe(scenario.seq);
  if (scenario.hooks !== undefined) expect(hookLog).toEqual(scenario.hooks);
  await scenario.then?.(result);
}

/** Sends one step to the Worker; what it answers is kept under its name. */
export async function send(step: Step, kept: Record<string, Record<string, unknown>> = {}): Promise<Result> {
  const [method = "GET", ...rest] = String(fill(step.to, kept)).split(" ");
  const path = rest.join(" ");
  const headers = new Headers(fill(step.headers ?? {}, kept) as Record<string, string>);
  if (step.user !== undefined) headers.set("authorization", `Bearer dev:${step.user}`);
  let body: BodyInit | null = step.raw ?? null;
  if (step.body !== undefined) {
    body = JSON.stringify(fill(step.body, kept));
    if (!headers.has("content-type")) headers.set("content-type", "application/json");
  }
  const response = await SELF.fetch(`http://localhost${path}`, { method, headers, body, redirect: "manual" });
  const text = await response.text();
  const isJson = (response.headers.get("content-type") ?? "").includes("json") && text !== "";
  const parsed = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
  if (step.as !== undefined) {
    kept[step.as] = { ...parsed, etag: response.headers.get("etag"), seqToken: response.headers.get("ledge-seq") };
  }
  return { status: response.status, headers: response.headers, text, body: parsed, kept };
}

/** The newest seq of an object's ledger, read past every permission. */
export async function ledgerSeq(object: string): Promise<number> {
  const stub = env.LEDGE_TABLES.getByName(object);
  return runInDurableObject(stub, (_instance, state) => {
    const exists = state.storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = '_log'").toArray().length > 0;
    return exists ? Number(state.storage.sql.exec("SELECT coalesce(max(seq), 0) AS seq FROM _log").one().seq) : 0;
  });
}

/** The lines that Worker and objects write to the console while `run` goes on, parsed; objects at every level. */
export async function loggedWhile(
  run: (lines: readonly Record<string, unknown>[]) => Promise<unknown>,
): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  const spies = (["debug", "log", "info", "warn", "error"] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation((...given: unknown[]) => {
      const text = given.map(String).join(" ");
      lines.push(text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : { message: text });
    }),
  );
  setLogThreshold("debug");
  try {
    await run(lines);
  } finally {
    setLogThreshold("error");
    for (const spy of spies) spy.mockRestore();
  }
  return lines;
}

/** Rows of a statement run inside an object's storage. */
export async function inspect(object: string, statement: string): Promise<Record<string, unknown>[]> {
  const stub = env.LEDGE_TABLES.getByName(object);
  return runInDurableObject(stub, (_instance, state) => state.storage.sql.exec(statement).toArray());
}

function objectOf(to: string): string {
  const path = (to.split(" ")[1] ?? "").split("?")[0] ?? "";
  const [, , first = "", second = ""] = path.split("/");
  return first.startsWith("@") ? `t/test/${second}/${first.slice(1)}` : `t/test/${first}`;
}

/** Fills `{name.member}` in texts, at any depth; a text that is just one keeps the value's type. */
function fill(value: unknown, kept: Readonly<Record<string, Record<string, unknown>>>): unknown {
  if (typeof value === "string") {
    const whole = /^\{(\w+)\.(\w+)\}$/.exec(value);
    if (whole !== null) return kept[whole[1] ?? ""]?.[whole[2] ?? ""] ?? value;
    return value.replace(/\{(\w+)\.(\w+)\}/g, (found, name: string, member: string) =>
      String(kept[name]?.[member] ?? found),
    );
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, kept));
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fill(item, kept)]));
  }
  return value;
}

function pattern(text: string | RegExp, kept: Readonly<Record<string, Record<string, unknown>>>): RegExp {
  return typeof text === "string" ? new RegExp(literally(String(fill(text, kept)))) : text;
}

function exactly(text: string): RegExp {
  return new RegExp(`^${literally(text)}$`);
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
