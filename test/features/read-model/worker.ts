/** The application of the read model's tests as a Worker. */

import { tableObject } from "../../../durable-objects/table/table-object.ts";
import { migrations } from "../../.generated/read-model/migrations.ts";
import { app } from "./app.ts";

export const TableObject = tableObject(app, migrations);
export default app;
