/** `npm run mutants:offline [-- text …]`: faults of the outbox, each against its seed (`plant-faults.ts`). Some seconds. */

import { OFFLINE_FAULTS } from "./offline-faults.ts";
import { plantFaults } from "./plant-faults.ts";

plantFaults({
  faults: OFFLINE_FAULTS,
  room: "src/core/offline",
  campaign: "test/sim/offline/campaign.ts",
  searched: 2_500,
});
