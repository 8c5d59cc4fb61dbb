/** `npm run sim`: the simulator of transactions over many seeds (`run-campaign.ts`). Its intervals are where crashes fall. */

import { CRASH_INTERVALS } from "./crash-steps.ts";
import { runCampaign } from "./run-campaign.ts";
import { simulate } from "./simulate.ts";

await runCampaign({
  entry: import.meta.url,
  simulate: (seed, options) => {
    const report = simulate(seed, options);
    return { ...report, count: report.committed };
  },
  intervals: CRASH_INTERVALS,
  counted: "transactions committed",
  gap: "an interval was never hit by a crash",
});
