/** Refuses bytes that begin otherwise than their type does, ones of a blocked type whatever they are called, and images larger than the table takes. */

import { invalidField } from "../../core/fault.ts";
import { type FileRules, imageProblem, isBlocked, typeRefused } from "../../core/files/file-rules.ts";
import { imageSize } from "../../core/files/image-size.ts";
import { typeAgrees } from "../../core/files/type-agrees.ts";
import { sniffType } from "./sniff-type.ts";

export async function checkHead(head: Uint8Array, type: string, rules: FileRules): Promise<void> {
  const shown = await sniffType(head);
  if (!typeAgrees(type, shown))
    throw typeRefused(rules, `The bytes are ${shown === null ? "not" : `${shown}, not`} ${type}`);
  if (shown !== null && isBlocked(shown, rules)) throw typeRefused(rules, `Files of type ${shown} are not taken here`);
  if (rules.imageSides === undefined || !type.startsWith("image/")) return;
  const problem = imageProblem(rules, imageSize(head));
  if (problem !== null) throw invalidField("content", problem, "dimensions");
}
