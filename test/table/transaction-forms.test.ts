/**
 * The forms of a transaction have one meaning ([TX1]): the same random list, over HTTP, declared with references, declared with functions,
 * and as a callback, comes to the same results, the same rows and the same failure as in a plain SQLite database.
 */

import { sql } from "drizzle-orm";
import { check, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PreconditionError, ValidationError } from "../../src/define/http-error.ts";
import { fullyPublic } from "../../src/define/presets.ts";
import { resource } from "../../src/define/resource.ts";
import type { RouteContext } from "../../src/edge/app-options.ts";
import { defineApp } from "../../src/edge/define-app.ts";
import { transaction } from "../../src/edge/transaction/declared.ts";
import type { OperationSpec, TransactionContext } from "../../src/edge/transaction/declared-types.ts";
import type { LooseRow } from "../../src/edge/transaction/tx.ts";
import { type Condition, type Given, Model, type ModelOutcome, type Step } from "./forms-model.ts";
import { nodeObjects } from "./node-objects.ts";

const table = resource(
  sqliteTable(
    "m",
    {
      id: text("id").primaryKey(),
      room: text("room").notNull(),
      n: integer("n").notNull().default(0),
      code: text("code").unique(),
      // Not the model's: what a trial has drawn must be what the commit writes.
      drawn: text("drawn").$defaultFn(() => crypto.randomUUID()),
    },
    (columns) => [check("m_n", sql`${columns.n} >= 0`)],
  ),
  { ...fullyPublic(), id: "text", group: "halls", partitionBy: "room", partition: { allow: () => true } },
);
/** Another table of the same object. */
const marks = resource(sqliteTable("marks", { id: text("id").primaryKey(), room: text("room").notNull() }), {
  ...fullyPublic(),
  id: "text",
  group: "halls",
  partitionBy: "room",
  partition: { allow: () => true },
});
const MIGRATIONS = {
  halls: [
    {
      tag: "0000_m",
      sql: 'CREATE TABLE `m` (`id` text PRIMARY KEY NOT NULL, `room` text NOT NULL, `n` integer DEFAULT 0 NOT NULL, `code` text, `drawn` text, `_version` integer NOT NULL DEFAULT 0, CONSTRAINT "m_n" CHECK("n" >= 0));--> statement-breakpoint\nCREATE UNIQUE INDEX `m_code` ON `m` (`code`);',
    },
    {
      tag: "0001_marks",
      sql: "CREATE TABLE `marks` (`id` text PRIMARY KEY NOT NULL, `room` text NOT NULL, `_version` integer NOT NULL DEFAULT 0);",
    },
  ],
};

const script: { run: ((context: RouteContext) => Promise<unknown>) | null } = { run: null };
const app = defineApp({ name: "forms", resources: [table, marks], transactions: { http: true } }).route(
  "POST",
  "/script",
  (context) => script.run?.(context),
);

type Outcome =
  | { readonly ok: true; readonly results: readonly unknown[] }
  | { readonly ok: false; readonly status: number; readonly index?: number };
interface Run {
  readonly post: (
    path: string,
    body: unknown,
  ) => Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
  readonly room: string;
  /** Another table or a room in an object of its own, which gets a row exactly when the list is carried out. */
  readonly other: { readonly table: "m" | "marks"; readonly room: string } | null;
}
type Form = (run: Run, steps: readonly Step[]) => Promise<Outcome>;

const name = (index: number) => `s${index}`;
const isRef = (given: unknown): given is { ref: number; member: string } =>
  typeof given === "object" && given !== null && "ref" in given;
const template = <T>(given: Given<T>): unknown => (isRef(given) ? `{{${name(given.ref)}.${given.member}}}` : given);
const conditionText = ({ of, test, value }: Condition) =>
  test === "is null" ? `${name(of)}==null` : test === "n>" ? `${name(of)}.n>${value}` : `${name(of)}.length>${value}`;
const set = (step: Step, of: (given: Given<unknown>) => unknown): Record<string, unknown> =>
  "set" in step
    ? {
        ...(step.set.n === undefined ? {} : { n: of(step.set.n) }),
        ...(step.set.code === undefined ? {} : { code: step.set.code }),
      }
    : {};

/** The operation with everything but what the forms write differently. */
function base(step: Step, index: number) {
  const op =
    step.op === "readWhere"
      ? "read"
      : step.op === "updateWhere"
        ? "update"
        : step.op === "deleteWhere"
          ? "delete"
          : step.op;
  return { op, resource: "m", as: name(index), ...(step.expect === undefined ? {} : { expect: step.expect }) };
}
const isCreate = (step: Step) => step.op === "create";

function withReferences(step: Step, index: number, room: string): Record<string, unknown> {
  return {
    ...base(step, index),
    partition: room,
    ...(step.when === undefined ? {} : { when: conditionText(step.when) }),
    ...(step.require === undefined ? {} : { require: conditionText(step.require) }),
    ...("id" in step && !isCreate(step) ? { id: template(step.id) } : {}),
    ...("above" in step ? { where: `n>${step.above}` } : {}),
    ...("set" in step
      ? { data: { ...(isCreate(step) && "id" in step ? { id: template(step.id) } : {}), ...set(step, template) } }
      : {}),
  };
}

/** The row in the other table or room. */
function extra({ other }: Run): readonly Record<string, unknown>[] {
  return other === null
    ? []
    : [{ op: "create", resource: other.table, partition: other.room, as: "extra", data: { id: crypto.randomUUID() } }];
}

function outcomeOf(status: number, body: Record<string, unknown>, results: unknown): Outcome {
  if (status !== 200) return { ok: false, status, ...(typeof body.index === "number" ? { index: body.index } : {}) };
  const { extra: _extra, ...own } = results as Record<string, unknown>;
  return { ok: true, results: Object.values(own) };
}

const FORMS: Readonly<Record<string, Form>> = {
  http: async (given, steps) => {
    const { post, room } = given;
    const { status, body } = await post("/api/transaction", {
      operations: [...steps.map((step, index) => withReferences(step, index, room)), ...extra(given)],
    });
    return outcomeOf(status, body, body.results);
  },
  "declared with references": async (given, steps) => {
    const { post, room } = given;
    const operations = [...steps.map((step, index) => withReferences(step, index, room)), ...extra(given)];
    const run = transaction({ operations: operations as unknown as OperationSpec[] });
    script.run = (context) => run(context);
    const { status, body } = await post("/script", {});
    return outcomeOf(status, body, body);
  },
  "declared with functions": async (given, steps) => {
    const { post, room } = given;
    const value = (ctx: TransactionContext, given: Given<unknown>) =>
      isRef(given) ? member(ctx.results[given.ref], given.member) : given;
    const holds =
      ({ of, test, value: bound }: Condition) =>
      (ctx: TransactionContext) =>
        truth(ctx.results[name(of)], test, bound);
    const operations = steps.map((step, index) => ({
      ...base(step, index),
      partition: () => room,
      ...(step.when === undefined ? {} : { condition: holds(step.when) }),
      ...(step.require === undefined ? {} : { require: holds(step.require) }),
      ...("id" in step && !isCreate(step) ? { id: (ctx: TransactionContext) => value(ctx, step.id) } : {}),
      ...("above" in step ? { where: () => `n>${step.above}` } : {}),
      ...("set" in step
        ? {
            data: (ctx: TransactionContext) => ({
              ...(isCreate(step) && "id" in step ? { id: value(ctx, step.id) } : {}),
              ...set(step, (given) => value(ctx, given)),
            }),
          }
        : {}),
    }));
    const run = transaction({ operations: [...operations, ...extra(given)] as unknown as OperationSpec[] });
    script.run = (context) => run(context);
    const { status, body } = await post("/script", {});
    return outcomeOf(status, body, body);
  },
  callback: async ({ post, room, other }, steps) => {
    script.run = (context) =>
      context.transaction(async (tx) => {
        const m = tx.table("m", room);
        const results: LooseRow[] = [];
        const value = (given: Given<unknown>): LooseRow =>
          isRef(given) ? member(results[given.ref], given.member) : given;
        for (const step of steps) {
          if (step.when !== undefined && !truth(results[step.when.of], step.when.test, step.when.value)) {
            results.push(null);
            continue;
          }
          if (step.require !== undefined && !truth(results[step.require.of], step.require.test, step.require.value))
            throw new PreconditionError();
          const id = "id" in step ? value(step.id) : null;
          const data = set(step, value);
          const where = {
            kind: "compare",
            field: "n",
            operator: ">",
            operand: "above" in step ? step.above : 0,
          } as const;
          const calls: Record<Step["op"], () => PromiseLike<unknown>> = {
            create: () => m.create({ id, ...data }),
            read: () => m.get(id),
            delete: () => m.delete(id),
            update: () => m.update(id, data),
            replace: () => m.replace(id, data),
            upsert: () => m.upsert({ id, ...data }),
            list: () => m.findMany(where),
            readWhere: () => m.findOne(where),
            updateWhere: () => m.update(where, data),
            deleteWhere: () => m.delete(where),
          };
          const result = await calls[step.op]();
          const count = Array.isArray(result)
            ? result.length
            : result === null
              ? 0
              : ((result as { count?: number }).count ?? 1);
          const { expect: wanted } = step;
          if (
            wanted === "one" ? count !== 1 : wanted === "some" ? count === 0 : wanted !== undefined && count !== wanted
          )
            throw new Error("expect");
          results.push(result);
        }
        if (other !== null) await tx.table(other.table, other.room).create({ id: crypto.randomUUID() });
        return results;
      });
    const { status, body } = await post("/script", {});
    return status === 200 ? { ok: true, results: body as unknown as unknown[] } : { ok: false, status };
  },
};

/** What a missing member does in code: the writer's own check. */
function member(result: LooseRow, which: string): unknown {
  const value = result === null || Array.isArray(result) ? undefined : result[which];
  if (value === undefined) throw new ValidationError(`There is no ${which}`);
  return value;
}
function truth(result: LooseRow, test: Condition["test"], bound: number): boolean {
  if (test === "is null") return result === null;
  return result !== null && (test === "n>" ? result.n : result.length) > bound;
}

/** Results as the model knows them: no partition, no drawn column. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const { room: _room, drawn: _drawn, ...rest } = value as Record<string, unknown>;
  return rest;
}

const ids = fc.constantFrom("a", "b", "c", "d");
const codes = fc.constantFrom("x", "y", null);
/** Steps of a list; references and conditions look back only. */
const lists = fc
  .array(fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat(), ids, codes, fc.integer({ min: -1, max: 6 })), {
    minLength: 1,
    maxLength: 7,
  })
  .map((seeds) =>
    seeds.map(([kind, reference, condition, wanted, id, code, n], index): Step => {
      const earlier = index === 0 ? null : reference % index;
      const givenId: Given<string> = earlier !== null && reference % 5 === 0 ? { ref: earlier, member: "id" } : id;
      const givenN: Given<number> = earlier !== null && reference % 3 === 0 ? { ref: earlier, member: "n" } : n;
      const tests = ["n>", "length>", "is null"] as const;
      const test: Condition | null =
        index === 0 ? null : { of: condition % index, test: tests[condition % 3] ?? "n>", value: (condition % 7) - 1 };
      const common = {
        ...(test !== null && condition % 4 === 0 ? { when: test } : {}),
        ...(test !== null && condition % 11 === 0 ? { require: test } : {}),
        ...(wanted % 9 === 0 ? { expect: (["one", "some", 0, 2] as const)[wanted % 4] ?? "one" } : {}),
      };
      const columns = { ...(kind % 3 === 0 ? {} : { n: givenN }), ...(kind % 4 === 0 ? { code } : {}) };
      const ops = [
        "create",
        "create",
        "create",
        "update",
        "upsert",
        "replace",
        "read",
        "list",
        "readWhere",
        "updateWhere",
        "delete",
        "deleteWhere",
      ] as const;
      const op = ops[kind % ops.length] ?? "create";
      switch (op) {
        case "create":
        case "update":
        case "upsert":
        case "replace":
          return { ...common, op, id: givenId, set: columns };
        case "read":
        case "delete":
          return { ...common, op, id: givenId };
        case "updateWhere":
          return { ...common, op, above: n, set: columns };
        default:
          return { ...common, op, above: n };
      }
    }),
  );

type Place = (room: string) => Run["other"];
/** Where the list runs: in one table, with a row in another one of its group, or in another object, which by its name takes part or decides. */
const PLACES: readonly { readonly where: string; readonly other: Place; readonly numRuns: number }[] = [
  { where: "in one object", other: () => null, numRuns: 150 },
  { where: "in a group of tables", other: (room) => ({ table: "marks", room }), numRuns: 150 },
  {
    where: "over two objects, the other takes part",
    other: (room) => ({ table: "m", room: `z${room}` }),
    numRuns: 150,
  },
  { where: "over two objects, the other decides", other: (room) => ({ table: "m", room: `a${room}` }), numRuns: 150 },
];
const CASES = Object.entries(FORMS).flatMap(([form, runForm]) => PLACES.map((place) => ({ form, runForm, ...place })));

describe("one meaning", () => {
  for (const { form, runForm, where, other: otherOf, numRuns } of CASES) {
    it(`[TX1] [TX5] ${form}, ${where}: the outcome of random lists is that of one plain SQLite transaction`, async () => {
      const seen = { committed: 0, refused: new Set<number>() };
      let rooms = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(lists, { minLength: 1, maxLength: 4 }), async (sequence) => {
          const objects = nodeObjects(app.definition, MIGRATIONS);
          const room = `r${rooms++}`;
          const other = otherOf(room);
          const model = new Model();
          let committed = 0;
          const post: Run["post"] = async (path, body) => {
            const response = await app.request(
              path,
              { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) },
              objects.env,
            );
            return { status: response.status, body: (await response.json()) as Record<string, unknown> };
          };
          for (const steps of sequence) {
            const before = objects.store(`t/forms/halls/${room}`).head.seq;
            const expected: ModelOutcome = model.run(steps);
            const actual = await runForm({ post, room, other }, steps);
            await objects.settled();
            const store = objects.store(`t/forms/halls/${room}`);
            if (expected.ok) {
              expect(actual).toMatchObject({ ok: true });
              expect(plain((actual as unknown as { results: unknown[] }).results)).toEqual(expected.results);
              seen.committed += 1;
              expect(store.head.seq - before).toBeLessThanOrEqual(1);
            } else {
              // A callback has no place of its own, and what it expects is the writer's own check.
              const isOwn = form === "callback" && expected.status === 409 && !actual.ok && actual.status === 500;
              expect(actual.ok).toBe(false);
              if (!isOwn) expect((actual as { status: number }).status).toBe(expected.status);
              const { index } = actual as { index?: number };
              if (form === "http") expect(index).toBe(expected.index);
              seen.refused.add(expected.status);
              expect(store.head.seq).toBe(before);
            }
            if (other !== null) {
              committed += expected.ok ? 1 : 0;
              const counted = objects
                .store(`t/forms/halls/${other.room}`)
                .sql.all(`SELECT count(*) AS n FROM ${other.table}`, []);
              expect(counted[0]?.n).toBe(committed);
            }
            const rows = store.sql.all("SELECT id, n, code FROM m ORDER BY id", []);
            expect(rows.map((row) => ({ ...row }))).toEqual(model.rows().map((row) => ({ ...row })));
          }
        }),
        { numRuns },
      );
      // It exercised what it is for.
      expect(seen.committed).toBeGreaterThan(25);
      expect([...seen.refused].sort()).toEqual([400, 404, 409, 412]);
    });
  }
});
