/**
 * The Worker's entry: the application answers requests, its object class owns the rows. Everything that needs the Workers
 * runtime begins here, so that tools may load `src/app.ts` in plain Node. Nothing imports this file.
 */

import { tableObject } from "../durable-objects/table/table-object.ts";
import { migrations } from "../migrations/migrations.ts";
import { app } from "./app.ts";

export const TableObject = tableObject(app, migrations);

export default { fetch: app.fetch, queue: app.queue, scheduled: app.scheduled };
