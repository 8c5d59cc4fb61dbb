/** YOURS. The application: its name (a part of every object's name), its tables and its own routes. Features and jobs join here. */

import { defineApp } from "ledge";
import { auth } from "./features/auth/auth.ts";
import { files } from "./features/files/files.ts";
import { jobs } from "./features/jobs/jobs.ts";
import { readModel } from "./features/read-model/read-model.ts";
import { jobList } from "./jobs/jobs.ts";
import { myMessages } from "./tables/my-messages.ts";
import { projectReport } from "./tables/project-report.ts";
import * as tables from "./tables/tables.ts";
import { accountPages } from "./web/account-pages.ts";
import { front } from "./web/board.ts";
import { boardRoutes } from "./web/board-routes.ts";
import { home } from "./web/home.ts";

export const app = defineApp({
  name: "board",
  resources: tables,
  features: [auth(), files(), jobs(jobList), readModel({ views: [myMessages, projectReport] }), accountPages],
  endpoints: boardRoutes,
  // The board's client sends lists of writes that take effect together.
  transactions: { http: true },
})
  .route("GET", "/", front, { credentials: "forgiven" })
  .route("GET", "/about", home, { credentials: "forgiven" });
