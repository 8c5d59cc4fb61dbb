/** Refuses bytes that begin otherwise than their type does, and images larger than the table takes. */

import { invalidField } from "../../core/fault.ts";
import { type FileRules, imageProblem, typeRefused } from "../../core/files/file-rules.ts";
import { imageSize } from "../../core/files/image-size.ts";
import { typeAgrees } from "../../core/files/type-agrees.ts";
import { sniffType } from "./sniff-type.ts";

export async function checkHead(head: Uint8Array, type: string, rules: FileRules): Promise<void> {
  const shown = await sniffType(head);
  if (!typeAgrees(type, shown))
    throw typeRefused(rules, `The bytes are ${shown === null ? "not" : `${shown}, not`} ${type}`);
  if (rules.imageSides === undefined || !type.startsWith("image/")) return;
  const problem = imageProblem(rules, imageSize(head));
  if (problem !== null) throw invalidField("content", problem, "dimensions");
}
