/**
 * A list that reads what it then removes, sent again under its key ([TX33]): the first reply, in every form, also where the table that
 * comes first does not lie in the object that decides.
 */

import { transaction } from "ledge";
import { afterEach, describe, expect, it } from "vitest";
import { type Result, send } from "../support/scenario.ts";
import { script } from "../support/transaction-endpoints.ts";
import { uid } from "./batch-support.ts";
import { type Bank, openBank, serve } from "./transaction-support.ts";

afterEach(() => {
  script.run = null;
});

/** A line in `b`; `a` decides, being the first by name. */
async function withLine(): Promise<{ readonly a: Bank; readonly b: Bank; readonly key: string }> {
  const [a, b] = [openBank("again"), openBank("again")].sort((x, y) => (x.object < y.object ? -1 : 1)) as [Bank, Bank];
  const made = await b.post([{ op: "create", resource: "lines", data: { id: uid(1), text: "old" } }]);
  expect(made.status, made.text).toBe(200);
  return { a, b, key: `key-${a.room}` };
}

/** Twice the same, with one effect. */
async function expectReplay(run: () => Promise<Result>, { a, b }: { a: Bank; b: Bank }): Promise<void> {
  const first = await run();
  expect(first.status, first.text).toBe(200);
  const again = await run();
  expect([again.status, again.body], again.text).toEqual([200, first.body]);
  const lines = [...(await a.rows("lines")), ...(await b.rows("lines"))].filter(({ gone }) => gone === null);
  expect(lines.map(({ text }) => text)).toEqual(["moved old"]);
}

describe("a repetition of a list that removes what it reads", () => {
  it("[TX33] over two objects, as JSON", async () => {
    const { a, b, key } = await withLine();
    const operations = [
      { op: "read", resource: "lines", partition: b.room, id: uid(1), as: "old" },
      { op: "create", resource: "lines", partition: a.room, as: "new", data: { text: "moved {{old.text}}" } },
      { op: "delete", resource: "lines", partition: b.room, id: "{{old.id}}", as: "gone" },
    ];
    await expectReplay(() => a.post(operations, { headers: { "idempotency-key": key } }), { a, b });
    const again = await a.post(operations, { headers: { "idempotency-key": key } });
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    const other = await a.post(operations.slice(0, 2), { headers: { "idempotency-key": key } });
    expect(other.status, other.text).toBe(422);
  });

  it("[TX33] over two objects, as a mapped route", async () => {
    const { a, b, key } = await withLine();
    const body = { from: b.room, to: a.room, id: uid(1) };
    await expectReplay(() => send({ to: "POST /api/move-line", body, headers: { "idempotency-key": key } }), { a, b });
  });

  it("[TX33] over two objects, as a value that code calls", async () => {
    const { a, b, key } = await withLine();
    const move = transaction({
      operations: [
        { op: "read", resource: "lines", as: "old", partition: b.room, id: uid(1) },
        {
          op: "create",
          resource: "lines",
          as: "new",
          partition: a.room,
          data: ({ results }) => ({ text: `moved ${results.old.text}` }),
        },
        { op: "delete", resource: "lines", as: "gone", partition: b.room, id: uid(1) },
      ],
    });
    await expectReplay(() => serve((ctx) => move(ctx, { idempotencyKey: key })), { a, b });
  });

  it("[TX33] in a callback", async () => {
    const { a, b, key } = await withLine();
    const run = () =>
      serve((ctx) =>
        ctx.transaction(
          async (tx) => {
            const lines = tx.table("lines", b.room);
            const old = await lines.get(uid(1));
            lines.delete(uid(1));
            return lines.create({ text: `moved ${old?.text}` });
          },
          { idempotencyKey: key, tables: [{ table: "lines", partition: b.room }] },
        ),
      );
    await expectReplay(run, { a, b });
  });
});

it("[TX33] [TX9] a mapped GET keeps no reply: with a key, too, it reads anew", async () => {
  const bank = openBank();
  const headers = { "idempotency-key": "k" };
  const read = () => send({ to: `GET /api/racks-of/${bank.room}`, headers });
  expect((await read()).body).toEqual({ rows: [] });
  await bank.post([{ op: "create", resource: "racks", data: { title: "a" } }]);
  const again = await read();
  expect(again.body).toEqual({ rows: [{ title: "a" }] });
  expect(again.headers.get("idempotency-replayed")).toBeNull();
});
