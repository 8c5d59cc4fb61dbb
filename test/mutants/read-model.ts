/** `npm run mutants:read-model [-- text …]`: faults of the read model, each against its seed (`plant-faults.ts`). Some seconds. */

import { plantFaults } from "./plant-faults.ts";
import { READ_MODEL_FAULTS } from "./read-model-faults.ts";

plantFaults({
  faults: READ_MODEL_FAULTS,
  room: ".",
  campaign: "test/sim/read-model/campaign.ts",
  also: ["src", "durable-objects", "test/support/node-d1.ts"],
  searched: 4000,
});
