/** Edits come in bursts, and a build waits for the migrations of all that were made before it. */

import { expect, test } from "vitest";
import { openGate, passGate } from "../../src/cli/dev/build-gate.ts";
import { inTurn } from "../../src/cli/dev/in-turn.ts";

function stage() {
  const log: string[] = [];
  const runs: PromiseWithResolvers<void>[] = [];
  const turn = inTurn(0, () => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    log.push("run");
    return run.promise;
  });
  return { log, runs, turn };
}

test("[RM4] a build waits until the edits before it are worked on, also one that came while another was", async () => {
  const { log, runs, turn } = stage();
  const gate = await openGate(turn.settled);
  await passGate(gate.vars);
  turn.ask();
  turn.ask();
  const built = passGate(gate.vars).then(() => log.push("built"));
  await expect.poll(() => log).toEqual(["run"]);
  turn.ask();
  runs[0]?.resolve();
  await expect.poll(() => log).toEqual(["run", "run"]);
  runs[1]?.resolve();
  await built;
  expect(log).toEqual(["run", "run", "built"]);
  gate.close();
});

test("[RM4] without `ledge dev`, or after its end, a build waits for nothing; what has not begun will not", async () => {
  await passGate({});
  const { log, turn } = stage();
  const gate = await openGate(turn.settled);
  turn.ask();
  turn.end();
  await passGate(gate.vars);
  gate.close();
  await passGate(gate.vars);
  expect(log).toEqual([]);
});
