/** The system object of an application that knows all its others: the register, `t/<app>/_registry`. */

import { type ObjectName, objectName } from "../ids.ts";

const GROUP = "_registry";

export function registryName(app: string): ObjectName {
  return objectName(app, GROUP, null);
}

export function isRegistry(name: ObjectName): boolean {
  return name.split("/")[2] === GROUP;
}
