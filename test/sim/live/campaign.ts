/** `npm run sim:live`: the simulator of live queries over many seeds (`../run-campaign.ts`). */

import { runCampaign } from "../run-campaign.ts";
import { LIVE_INTERVALS, simulateLive } from "./simulate-live.ts";

await runCampaign({
  entry: import.meta.url,
  simulate: (seed, options) => {
    const report = simulateLive(seed, options);
    return { ...report, count: report.compared };
  },
  intervals: LIVE_INTERVALS,
  counted: "views compared",
  gap: "an interval never came up",
});
