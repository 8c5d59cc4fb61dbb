/**
 * Runs inside workerd, around Ledge's object, where many rows are needed and how they came there is not the question: writes them
 * straight into the table, past the ledger, as if it had been pruned since.
 */

import type { DurableObject } from "cloudflare:workers";
import { itemAt } from "./items.ts";

type TableObjectClass = new (ctx: DurableObjectState, env: never) => DurableObject;

export interface FillRpc extends Rpc.DurableObjectBranded {
  /** Rows `from` to `to`, the last one not among them. */
  fill(from: number, to: number): Promise<void>;
}

export function filled<Base extends TableObjectClass>(base: Base): Base {
  const Plain = base as unknown as new (ctx: DurableObjectState, env: unknown) => DurableObject;
  const Filled = class extends Plain {
    async fill(from: number, to: number): Promise<void> {
      const { storage } = this.ctx;
      storage.transactionSync(() => {
        for (let n = from; n < to; n++) {
          const item = itemAt(n);
          storage.sql.exec(
            `INSERT INTO items (id, owner_id, title, status, rank, score, done, created_at, note, _version)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`,
            item.id,
            item.ownerId,
            item.title,
            item.status,
            item.rank,
            item.score,
            item.done ? 1 : 0,
            Date.parse(item.createdAt),
            item.note,
          );
        }
      });
    }
  };
  return Filled as unknown as Base;
}

/** `/bench/fill?from=0&to=1000`; null for any other request. */
export async function answerFill(
  request: Request,
  { LEDGE_TABLES }: { readonly LEDGE_TABLES: DurableObjectNamespace<FillRpc> },
): Promise<Response | null> {
  const url = new URL(request.url);
  if (url.pathname !== "/bench/fill") return null;
  const [from, to] = ["from", "to"].map((name) => Number(url.searchParams.get(name)));
  await LEDGE_TABLES.getByName("t/bench/items").fill(from ?? 0, to ?? 0);
  return new Response("filled");
}
