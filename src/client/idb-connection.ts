/**
 * A connection to a database of the browser: opened when it is first needed, and anew when it was closed meanwhile. Browsers close one when their
 * storage fails or is cleared, and it is given up for another tab that brings a newer form. Who asks then notices nothing.
 */

/** The parts of IndexedDB's database that are used here. */
export interface Closable {
  close(): void;
  onversionchange: (() => void) | null;
  onclose: (() => void) | null;
}

export class IdbConnection<D extends Closable> {
  readonly #open: () => Promise<D>;
  readonly #closed: () => void;
  #opened: Promise<D> | null = null;

  /** `closed`: by the browser; what it held may be gone. */
  constructor(open: () => Promise<D>, closed = () => {}) {
    this.#open = open;
    this.#closed = closed;
  }

  /** `begin` starts a transaction, and does nothing before that. */
  async use<T>(begin: (database: D) => T): Promise<T> {
    const opened = this.#database();
    try {
      return begin(await opened);
    } catch (error) {
      this.#forget(opened);
      if ((error as Partial<Error> | null)?.name !== "InvalidStateError") throw error;
    }
    // Once: what is closed again at once is not to be had now.
    return begin(await this.#database());
  }

  close(): void {
    void this.#opened?.then(
      (database) => database.close(),
      () => {},
    );
  }

  #database(): Promise<D> {
    if (this.#opened !== null) return this.#opened;
    const opened = this.#open().then((database) => {
      const forget = () => this.#forget(opened);
      database.onclose = () => {
        forget();
        this.#closed();
      };
      database.onversionchange = () => {
        database.close();
        forget();
      };
      return database;
    });
    this.#opened = opened;
    return opened;
  }

  #forget(opened: Promise<D>): void {
    if (this.#opened === opened) this.#opened = null;
  }
}
