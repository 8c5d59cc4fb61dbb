/**
 * Who may enter a partition ([HT1]). Asked before any object is addressed, since a name alone would create one; a refusal
 * is 404, so that names of partitions cannot be guessed at.
 */

import { isPartition } from "../core/ids.ts";
import { errorFields } from "../core/log.ts";
import type { PartitionRule } from "../define/config.ts";
import type { Exchange } from "./exchange.ts";

export function admitsPartition(
  rule: PartitionRule,
  partition: string,
  exchange: Exchange,
): boolean | Promise<boolean> {
  if (!isPartition(partition)) return false;
  const { principal, log } = exchange;
  if ("claim" in rule) {
    const held =
      principal.kind === "user" && Object.hasOwn(principal.claims, rule.claim)
        ? principal.claims[rule.claim]
        : undefined;
    return held === partition || (Array.isArray(held) && held.includes(partition));
  }
  const denied = (error: unknown) => {
    log.error("partition rule failed", errorFields(error));
    return false;
  };
  try {
    const allowed = rule.allow(principal, partition);
    return typeof allowed === "boolean" ? allowed : allowed.then((answer) => answer === true, denied);
  } catch (error) {
    return denied(error);
  }
}
