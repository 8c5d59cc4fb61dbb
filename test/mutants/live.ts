/** `npm run mutants:live [-- text …]`: faults of live queries, each against its seed (`plant-faults.ts`). Some seconds. */

import { LIVE_FAULTS } from "./live-faults.ts";
import { plantFaults } from "./plant-faults.ts";

plantFaults({
  faults: LIVE_FAULTS,
  room: "src/core/live",
  campaign: "test/sim/live/campaign.ts",
  searched: 4_000,
});
