/** A queue of things to come, by time and then by the order of their making: a binary heap. */

export interface Queued<T> {
  readonly at: number;
  readonly order: number;
  readonly what: T;
}

export class EventQueue<T> {
  readonly #heap: Queued<T>[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  add(at: number, what: T): void {
    const heap = this.#heap;
    const item = { at, order: this.#order++, what };
    let index = heap.length;
    heap.push(item);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(item, heap[parent] as Queued<T>)) break;
      heap[index] = heap[parent] as Queued<T>;
      index = parent;
    }
    heap[index] = item;
  }

  take(): Queued<T> | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Queued<T>, heap[child] as Queued<T>)) child++;
      if (!isBefore(heap[child] as Queued<T>, last)) break;
      heap[index] = heap[child] as Queued<T>;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore<T>(a: Queued<T>, b: Queued<T>): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
