/**
 * A feature's procedure inside the frame that all writes share (`transact.ts`): what it changes is one commit with its effects; where it
 * changes nothing there is none. What it returns is the answer.
 */

import { positionToken } from "../../src/core/ids.ts";
import type { Json } from "../../src/core/json.ts";
import type { ProcedureCall } from "../../src/core/protocol/procedure-call.ts";
import { hookTransaction } from "./hook-transaction.ts";
import type { Answer } from "./replies.ts";
import type { Store } from "./store.ts";
import { transact } from "./transact.ts";

export function runProcedure(store: Store, call: ProcedureCall): Answer {
  const run = store.app.procedures?.get(call.name);
  if (run === undefined) throw new Error(`no procedure is called "${call.name}"`);
  return transact(store, call, {
    run(commit) {
      const value: Json = run(
        hookTransaction(commit, () => {}),
        call.input,
      );
      return ({ seq }) => ({
        answer: {
          kind: "answer",
          status: 200,
          headers: {},
          body: JSON.stringify(value),
          position: positionToken(store.epoch, seq),
        },
        ids: [],
      });
    },
    rebuild: () => null,
  });
}
