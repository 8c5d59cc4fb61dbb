/**
 * `npm run sim:explore`: every scenario with two crashes, a lost and a doubled message and time that passes early, up to STATES (default
 * 150,000) states each. Prints how many states and ends there were and whether that was all of them.
 */

import { explore } from "./explore.ts";
import { SCENARIOS } from "./scenarios.ts";

const maxStates = Number(process.env.STATES ?? 150_000);
const BOUNDS = [
  { crashes: 1, drops: 0, duplicates: 0, earlyTicks: 0 },
  { crashes: 2, drops: 0, duplicates: 0, earlyTicks: 0 },
  { crashes: 1, drops: 1, duplicates: 1, earlyTicks: 1 },
];

for (const scenario of SCENARIOS) {
  for (const bounds of BOUNDS) {
    const { states, ends, isComplete, problems } = explore(scenario, { ...bounds, maxStates });
    const extent = isComplete ? "all" : "bounded";
    console.log(`${String(states).padStart(7)} states, ${String(ends).padStart(5)} ends, ${extent}: ${scenario.name}`);
    console.log(`${" ".repeat(8)}${JSON.stringify(bounds)}`);
    for (const problem of problems) console.error(problem);
    if (problems.length > 0) process.exitCode = 1;
  }
}
