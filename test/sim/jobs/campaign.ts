/** `npm run sim:jobs`: the simulator of jobs over many seeds (`../run-campaign.ts`). */

import { runCampaign } from "../run-campaign.ts";
import { JOBS_INTERVALS } from "./jobs-intervals.ts";
import { simulateJobs } from "./simulate-jobs.ts";

await runCampaign({
  entry: import.meta.url,
  simulate: simulateJobs,
  intervals: JOBS_INTERVALS,
  counted: "jobs",
  gap: "an interval never came up",
});
