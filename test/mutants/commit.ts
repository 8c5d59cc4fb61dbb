/** `npm run mutants:commit [-- text …]`: faults of the transaction protocol, each against its seed (`plant-faults.ts`). Some seconds. */

import { COMMIT_FAULTS } from "./commit-faults.ts";
import { plantFaults } from "./plant-faults.ts";

plantFaults({
  faults: COMMIT_FAULTS,
  room: "src/core/commit",
  campaign: "test/sim/campaign.ts",
  searched: 100_000,
});
