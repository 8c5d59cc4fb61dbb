/** YOURS. The application: its name (a part of every object's name), its tables and its own routes. Features and jobs join here. */

import { defineApp } from "ledge";
import { auth } from "./features/auth/auth.ts";
import { jobs } from "./features/jobs/jobs.ts";
import { jobList } from "./jobs/jobs.ts";
import * as tables from "./tables/tables.ts";
import { accountPages } from "./web/account-pages.ts";
import { boardRoutes } from "./web/board-routes.ts";
import { home } from "./web/home.ts";

export const app = defineApp({
  name: "board",
  resources: tables,
  features: [auth(), jobs(jobList), accountPages],
  endpoints: boardRoutes,
}).route("GET", "/", home, { credentials: "forgiven" });
