/**
 * Parts of transactions that are decided and that their object does not show yet: the answer may be there before the rows are. Whoever touches the
 * object meanwhile finds them settled, as the locks of the server have it.
 */

import type { ModelObject } from "../live/model-object.ts";
import type { PartitionName } from "./model-server.ts";

export interface LatePart {
  readonly txid: string;
  readonly commit: () => void;
}

export class LateParts {
  readonly #waiting = new Map<PartitionName, LatePart[]>();

  /** What is to be written stands in the object as prepared. */
  add(name: PartitionName, object: ModelObject, part: LatePart): void {
    object.prepare(part.txid);
    this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), part]);
  }

  has(name: PartitionName, txid: string): boolean {
    return this.#waiting.get(name)?.some((part) => part.txid === txid) === true;
  }

  settle(name: PartitionName): void {
    const parts = this.#waiting.get(name) ?? [];
    this.#waiting.delete(name);
    for (const { commit } of parts) commit();
  }
}
