/** `npm run sim:offline`: the simulator of the outbox over many seeds (`../run-campaign.ts`). */

import { runCampaign } from "../run-campaign.ts";
import { OFFLINE_INTERVALS } from "./offline-intervals.ts";
import { simulateOffline } from "./simulate-offline.ts";

await runCampaign({
  entry: import.meta.url,
  simulate: simulateOffline,
  intervals: OFFLINE_INTERVALS,
  counted: "values compared",
  gap: "an interval never came up",
});
