/** The application that the crash campaign kills. */

import { defineApp } from "ledge";
import * as tables from "./tables.ts";
import { tell } from "./tell.ts";

export const app = defineApp({
  name: "crash",
  resources: tables,
  effects: {
    tell: (payload, { env, ...context }) =>
      tell(env, { ...context, about: String((payload as { about: string }).about) }),
  },
});
