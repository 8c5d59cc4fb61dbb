/**
 * What the objects of a picture were asked, and what they answered: where one stands, or where it applied a transaction ([CC3] [CC4]). A question
 * is asked once a socket; an answer holds for one history of its object, and is kept while something waits. Used by `ClientPicture`.
 */

import { missingParts, type SettledAt, type Watched } from "../commit/closed-cut.ts";
import type { ObjectName } from "../ids.ts";
import type { Needs } from "./commit-buffer.ts";

/** Asks an object for `at`; false when it cannot be asked now. */
export type AskObject = (object: ObjectName, question: { readonly txid: string }) => boolean;

export class ObjectQuestions {
  readonly #answers = new Map<string, number | null>();
  readonly #asked = new Set<string>();
  readonly #sync: AskObject;
  #nonce = 0;

  constructor(sync: AskObject) {
    this.#sync = sync;
  }

  readonly answerOf: SettledAt = (object, txid) => this.#answers.get(`${object} ${txid}`);

  /** Each of these objects is to say where it stands. */
  needsOf(names: Iterable<ObjectName>): Needs {
    return new Map([...names].map((name) => [name, this.#fresh()]));
  }

  /** Asks for all that is waited for: positions, and parts of transactions that have not come. */
  ask(objects: Watched, waiting: readonly Needs[]): void {
    for (const needs of waiting)
      for (const [object, need] of needs) if (typeof need === "string") this.#askOnce(object, need);
    for (const { object, txid } of missingParts(objects, this.answerOf)) this.#askOnce(object, txid);
  }

  /** An object stands at `seq`; `txSeq` null: it takes no part in this transaction. */
  answer(
    object: ObjectName,
    txid: string,
    { seq, txSeq }: { seq: number; txSeq: number | null },
    waiting: readonly Needs[],
  ): void {
    this.#answers.set(`${object} ${txid}`, txSeq);
    for (const needs of waiting) if (needs.get(object) === txid) needs.set(object, seq);
  }

  /** Questions went with the socket of an object. */
  lose(object: ObjectName): void {
    forget(this.#asked, object);
  }

  /** An object begins another history: positions of the old one that something waits for would never be reached, and are asked for again. */
  renew(object: ObjectName, waiting: readonly Needs[]): void {
    forget(this.#asked, object);
    forget(this.#answers, object);
    for (const needs of waiting) if (needs.has(object)) needs.set(object, this.#fresh());
  }

  clear(): void {
    this.#answers.clear();
    this.#asked.clear();
  }

  #askOnce(object: ObjectName, txid: string): void {
    const question = `${object} ${txid}`;
    if (!this.#asked.has(question) && this.#sync(object, { txid })) this.#asked.add(question);
  }

  #fresh(): string {
    return `?${this.#nonce++}`;
  }
}

function forget(known: Map<string, unknown> | Set<string>, object: ObjectName): void {
  for (const question of [...known.keys()]) if (question.startsWith(`${object} `)) known.delete(question);
}
