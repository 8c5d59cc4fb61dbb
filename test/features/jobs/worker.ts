/** The application of the jobs tests as a Worker. */

import { tableObject } from "../../../durable-objects/table/table-object.ts";
import { app, migrations } from "./app.ts";

export const TableObject = tableObject(app, migrations);
export default { fetch: app.fetch, queue: app.queue };
