/** YOURS. The application: its name (a part of every object's name) and its tables. Features, routes and jobs join here. */

import { defineApp } from "ledge";
import * as tables from "./tables/tables.ts";

export const app = defineApp({
  name: "board",
  resources: tables,
});
