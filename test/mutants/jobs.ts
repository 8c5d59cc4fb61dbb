/** `npm run mutants:jobs [-- text …]`: faults of jobs, each against its seed (`plant-faults.ts`). Some seconds. */

import { JOBS_FAULTS } from "./jobs-faults.ts";
import { plantFaults } from "./plant-faults.ts";

plantFaults({
  faults: JOBS_FAULTS,
  room: "src/core/jobs",
  campaign: "test/sim/jobs/campaign.ts",
  searched: 1_000,
});
