/**
 * Writes that go straight to the server: those of one row one after the other, each on what the one before has led to. What is shown of the row
 * between them is one's own write, not somebody else's change. Writes of different rows do not wait for each other.
 */

import { type RowWrite, rowKey } from "../../core/offline/outbox-entry.ts";

/** Tags that own writes have led on from; what is shown has long come after the oldest of them. */
const LIMIT = 500;

export class WriteLine {
  readonly #last = new Map<string, Promise<unknown>>();
  /** By row and tag: the tag that an own write on it has led to. */
  readonly #led = new Map<string, string>();

  /** `send` gives the tags of the rows that it has led to, where the answer has them. */
  async run(
    writes: readonly RowWrite[],
    send: (writes: readonly RowWrite[]) => Promise<readonly (string | null)[]>,
  ): Promise<void> {
    const rows = writes.map(rowKey);
    const earlier = rows.map((row) => this.#last.get(row));
    const own = Promise.allSettled(earlier).then(async () => {
      const sent = writes.map((write) => ({ ...write, tag: this.#latest(write) }));
      const tags = await send(sent);
      for (const made of [writes, sent]) for (const [at, write] of made.entries()) this.#lead(write, tags[at] ?? null);
    });
    for (const row of rows) this.#last.set(row, own);
    try {
      await own;
    } finally {
      for (const row of rows) if (this.#last.get(row) === own) this.#last.delete(row);
    }
  }

  #latest(write: RowWrite): string | null {
    let { tag } = write;
    for (let next = this.#next(write, tag); next !== undefined; next = this.#next(write, tag)) tag = next;
    return tag;
  }

  #next(write: RowWrite, tag: string | null): string | undefined {
    return tag === null ? undefined : this.#led.get(placeOf(write, tag));
  }

  #lead(write: RowWrite, tag: string | null): void {
    if (write.tag === null || tag === null || versionOf(tag) === versionOf(write.tag)) return;
    this.#led.set(placeOf(write, write.tag), tag);
    const [oldest] = this.#led.keys();
    if (this.#led.size > LIMIT && oldest !== undefined) this.#led.delete(oldest);
  }
}

function placeOf(write: RowWrite, tag: string): string {
  return `${rowKey(write)} ${versionOf(tag)}`;
}

/** Without the form in which the row was shown, which may be another in a list. */
function versionOf(tag: string): string {
  return tag.replace(/:[^:+]*(?=\+|$)/, "");
}
