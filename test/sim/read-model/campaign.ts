/** Many seeds of the read-model simulation: `RUNS=100000 SEED=1 npm run sim:read-model`. Prints the seed that breaks a promise. */

import { simulate } from "./simulate.ts";
import { simulateAge } from "./simulate-age.ts";

const runs = Number(process.env.RUNS ?? 2000);
const first = Number(process.env.SEED ?? 1);
const totals: Record<string, number> = {};

for (let seed = first; seed < first + runs; seed++) {
  try {
    for (const tally of [await simulate(seed), await simulateAge(seed)])
      for (const [event, n] of Object.entries(tally)) totals[event] = (totals[event] ?? 0) + n;
  } catch (error) {
    const text = error instanceof Error ? `${error.message.replaceAll("\n", " ")}\n${error.stack}` : String(error);
    console.error(`seed ${seed}: ${text}\nSEED=${seed} RUNS=1 npm run sim:read-model`);
    process.exit(1);
  }
}
console.log(`${runs} seeds from ${first}`, totals);
