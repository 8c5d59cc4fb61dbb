/** The test application as a Worker. */

import { tableObject } from "../../durable-objects/table/table-object.ts";
import { migrations } from "../.generated/migrations/migrations.ts";
import { app } from "./test-app.ts";

export const TableObject = tableObject(app, migrations);
export default app;
