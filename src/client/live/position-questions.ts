/** Positions that a client waits for, each asked for once as long as the connections hold. Knows no connection. */

export class PositionQuestions {
  readonly #asked = new Set<string>();
  readonly #ask: (epoch: string, seq: number) => boolean;

  /** `ask` false: nobody can be asked now. */
  constructor(ask: (epoch: string, seq: number) => boolean) {
    this.#ask = ask;
  }

  ask(position: string): void {
    if (this.#asked.has(position)) return;
    const [epoch = "", seq = ""] = position.split(":");
    if (this.#ask(epoch, Number(seq))) this.#asked.add(position);
  }

  /** A connection is gone, and with it what was asked. */
  forget(): void {
    this.#asked.clear();
  }
}
