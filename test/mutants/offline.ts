/** `npm run mutants:offline [-- text …]`: faults of outbox and store, each against its seed (`plant-faults.ts`). Minutes. */

import { OFFLINE_FAULTS } from "./offline-faults.ts";
import { plantFaults } from "./plant-faults.ts";
import { STORE_FAULTS } from "./store-faults.ts";

plantFaults({
  faults: [...OFFLINE_FAULTS, ...STORE_FAULTS],
  room: "src",
  campaign: "test/sim/offline/campaign.ts",
  searched: 2_500,
});
