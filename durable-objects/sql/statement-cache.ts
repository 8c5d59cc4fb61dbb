/**
 * Least recently used cache of what is made from canonical text: compiled filters, predicates, statements ([QL43]).
 * One instance a table object; bounded, so that texts made up by clients cannot fill memory.
 */

export const MAX_CACHED = 1000;

export class StatementCache<Value> {
  /** In order of use: a Map keeps insertion order, and a hit is inserted anew. */
  readonly #entries = new Map<string, Value>();
  readonly #maxEntries: number;

  constructor(maxEntries: number = MAX_CACHED) {
    this.#maxEntries = maxEntries;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value of the key, made on the first request. A `make` that throws leaves nothing behind. */
  get(key: string, make: () => Value): Value {
    const found = this.#entries.get(key);
    if (found !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, found);
      return found;
    }
    const value = make();
    if (this.#entries.size >= this.#maxEntries) this.#forgetOldest();
    this.#entries.set(key, value);
    return value;
  }

  #forgetOldest(): void {
    const oldest = this.#entries.keys().next();
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }
}
