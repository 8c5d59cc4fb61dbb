/** The application of the files tests as a Worker. */

import { tableObject } from "../../../durable-objects/table/table-object.ts";
import { app, migrations } from "./app.ts";

export const TableObject = tableObject(app, migrations);
export default app;
