/** The application of the sign-in tests as a Worker. */

import { tableObject } from "../../../durable-objects/table/table-object.ts";
import { app, NOTES_SQL } from "./app.ts";

export const TableObject = tableObject(app, { notes: [{ tag: "0000_notes", sql: NOTES_SQL }] });
export default app;
