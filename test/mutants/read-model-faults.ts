/**
 * Faults for `npm run mutants:read-model` (test/mutants/read-model.ts): each takes out, or turns round, one line that keeps the copies in D1
 * true, and names a seed of the simulator that must then find a problem. Found again with `node test/mutants/read-model.ts --search`.
 */

import type { SimulatedFault } from "./plant-faults.ts";

export const READ_MODEL_FAULTS: readonly SimulatedFault[] = [
  {
    rule: "RM2",
    what: "a batch does not fail when the cursor moved",
    file: "src/core/read-model/statements.ts",
    find: "return [guard(copy), ...rows, cursor,",
    replace: "return [...rows, cursor,",
    seed: 38,
  },
  {
    rule: "RM2",
    what: "another ledger under the same name is not noticed",
    file: "src/core/read-model/pull.ts",
    find: 'if (from.epoch !== facts.epoch) return "epoch";',
    replace: "",
    seed: 11,
  },
  {
    rule: "RM2",
    what: "a migration that changed rows without a commit is not noticed",
    file: "src/core/read-model/pull.ts",
    find: 'if (from.migration !== facts.migration) return "migration";',
    replace: "",
    seed: 5,
  },
  {
    rule: "RM2",
    what: "commits that were pruned are passed over",
    file: "src/core/read-model/pull.ts",
    find: 'return isPruned ? "pruned" : null;',
    replace: "return null;",
    seed: 4,
  },
  {
    rule: "RM2",
    what: "of a row that changed twice in a page the first image stays",
    file: "src/core/read-model/fold-page.ts",
    find: "for (const row of changed) rows.set(",
    replace:
      "for (const row of changed.filter(({ id }) => ![...rows.keys()].some((key) => key.endsWith(String(id))))) rows.set(",
    seed: 4,
  },
  {
    rule: "RM2",
    what: "rows that went are kept",
    file: "src/core/read-model/statements.ts",
    find: "...packed(gone).map((params) => removeStatement(table, copy, params)),",
    replace: "",
    seed: 2,
  },
  {
    rule: "RM2",
    what: "back-filling passes a row over at the end of a page",
    file: "durable-objects/table/pull.ts",
    find: "last = pulled.id;",
    replace: 'last = pulled.id + "0";',
    seed: 5,
  },
  {
    rule: "RM4",
    what: "a copy is read from before it is whole",
    file: "src/core/read-model/copy.ts",
    find: 'copy.status === "building" && isComplete(page)',
    replace: 'copy.status === "building" && page.rows.length > 0',
    seed: 1,
  },
  {
    rule: "RM4",
    what: "the copy that served is not taken out of reading",
    file: "src/core/read-model/statements.ts",
    find: "UPDATE rm_copies SET status = 'dropping', is_hidden = 1, step = step + 1 WHERE object = ? AND status = 'serving'",
    replace: "UPDATE rm_copies SET is_hidden = 1, step = step + 1 WHERE object = ? AND status = 'serving'",
    seed: 4,
  },
];
