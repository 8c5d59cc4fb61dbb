/**
 * The floor of the transactions' bench: what a careful person writes by hand who does without a guarantee. Single writes to the objects
 * of the banks, at the same time; nothing holds them together: one may be lost, and everybody may see half. Each write is as durable
 * as Ledge's: row and ledger row with both images.
 */

import { DurableObject } from "cloudflare:workers";

interface Env {
  readonly BANKS: DurableObjectNamespace<BankObject>;
}

type Account = { readonly id: string; readonly bank: string; readonly balance: number; readonly note: string };
type Write =
  | { readonly op: "create"; readonly account: Account }
  | { readonly op: "update"; readonly id: string; readonly balance: number };
interface Operation {
  readonly op: "create" | "update";
  readonly resource: string;
  readonly partition: string;
  readonly as: string;
  readonly id?: string;
  readonly data: { readonly id?: string; readonly balance: number; readonly note?: string };
}
interface Written {
  readonly rows: readonly Account[];
  readonly token: string;
}

export class BankObject extends DurableObject<Env> {
  readonly #sql = this.ctx.storage.sql;
  readonly #epoch = crypto.randomUUID().slice(0, 16);
  #seq: number;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS accounts (id text PRIMARY KEY NOT NULL, bank text NOT NULL, balance integer NOT NULL,
      note text NOT NULL, _version integer NOT NULL)`);
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, changes TEXT NOT NULL)",
    );
    this.#seq = Number(this.#sql.exec("SELECT coalesce(max(seq), 0) AS seq FROM log").one().seq);
  }

  /** One transaction of this object, one ledger row. */
  write(writes: readonly Write[]): Written {
    const seq = this.#seq + 1;
    const changes: object[] = [];
    const rows: Account[] = [];
    this.ctx.storage.transactionSync(() => {
      for (const write of writes) {
        const before = write.op === "create" ? null : this.#find(write.id);
        if (write.op === "update" && before === null) throw new Error("not found");
        const after = write.op === "create" ? write.account : { ...(before as Account), balance: write.balance };
        if (write.op === "create") {
          const { id, bank, balance, note } = after;
          this.#sql.exec("INSERT INTO accounts VALUES (?, ?, ?, ?, ?)", id, bank, balance, note, seq);
        } else {
          this.#sql.exec("UPDATE accounts SET balance = ?, _version = ? WHERE id = ?", write.balance, seq, write.id);
        }
        changes.push({ table: "accounts", id: after.id, op: write.op, before, after });
        rows.push(after);
      }
      this.#sql.exec("INSERT INTO log VALUES (?, ?, ?)", seq, Date.now(), JSON.stringify(changes));
    });
    this.#seq = seq;
    return { rows, token: `${this.#epoch}:${seq}` };
  }

  #find(id: string): Account | null {
    const rows = this.#sql.exec("SELECT id, bank, balance, note FROM accounts WHERE id = ?", id).toArray();
    return (rows[0] as unknown as Account | undefined) ?? null;
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    const body = (await request.json()) as never;
    if (pathname === "/api/transaction") return json(await writeAll(env, body), 200);
    const [, bank = "", id] = /^\/api\/@(\w+)\/accounts\/?(.*)$/.exec(pathname) ?? [];
    const { rows } = await env.BANKS.getByName(bank).write([toWrite(bank, request.method, id ?? "", body)]);
    return json(rows[0], request.method === "POST" ? 201 : 200);
  },
};

function toWrite(bank: string, method: string, id: string, data: Operation["data"]): Write {
  if (method === "PATCH") return { op: "update", id, balance: data.balance };
  return { op: "create", account: { id: data.id ?? "", bank, balance: data.balance, note: data.note ?? "" } };
}

async function writeAll(env: Env, { operations }: { readonly operations: readonly Operation[] }): Promise<object> {
  const banks = [...new Set(operations.map(({ partition }) => partition))];
  const written = new Map(
    await Promise.all(
      banks.map(async (bank): Promise<[string, Written & { readonly own: readonly Operation[] }]> => {
        const own = operations.filter(({ partition }) => partition === bank);
        const writes = own.map(({ op, id = "", data }) => toWrite(bank, op === "create" ? "POST" : "PATCH", id, data));
        return [bank, { ...(await env.BANKS.getByName(bank).write(writes)), own }];
      }),
    ),
  );
  const txid = `${crypto.randomUUID().slice(0, 14)}7${crypto.randomUUID().slice(15)}`;
  const [first = ""] = banks;
  const rowOf = (operation: Operation) => {
    const bank = written.get(operation.partition);
    return bank?.rows[bank.own.indexOf(operation)];
  };
  return {
    ok: true,
    txid,
    results: Object.fromEntries(operations.map((operation) => [operation.as, rowOf(operation)])),
    steps: operations.map((operation, index) => ({
      ...{ index, as: operation.as, op: operation.op, resource: operation.resource, status: "done" },
      id: rowOf(operation)?.id,
      ...(operation.partition === first ? { version: `${written.get(first)?.token}:000000` } : {}),
    })),
    seqs: [...banks.slice(1), first].map((partition) => ({
      ...{ resource: "accounts", partition },
      ...(partition === first ? { token: written.get(first)?.token } : { txid }),
    })),
  };
}

function json(body: unknown, status: number): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}
