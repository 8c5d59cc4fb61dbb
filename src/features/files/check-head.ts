/** Refuses bytes that begin otherwise than their type does. */

import { type FileRules, typeRefused } from "../../core/files/file-rules.ts";
import { typeAgrees } from "../../core/files/type-agrees.ts";
import { sniffType } from "./sniff-type.ts";

export async function checkHead(head: Uint8Array, type: string, rules: FileRules): Promise<void> {
  const shown = await sniffType(head);
  if (!typeAgrees(type, shown))
    throw typeRefused(rules, `The bytes are ${shown === null ? "not" : `${shown}, not`} ${type}`);
}
