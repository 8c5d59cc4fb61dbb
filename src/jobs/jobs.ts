/** YOURS. The jobs of the application; `src/app.ts` reads the list. */

import { exportTasks } from "./export-tasks.ts";
import { weeklyDigest } from "./weekly-digest.ts";

export const jobList = [exportTasks, weeklyDigest];
