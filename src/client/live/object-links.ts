/**
 * The sockets of a client: one an object, however many tables and watches share it ([CI3]). Which tables lie in one object is learnt from
 * the ticket, so the first socket of each object stays, and a later one hands its watches over before it opens.
 */

import type { ObjectName } from "../../core/ids.ts";
import type { LiveWatch } from "./live-watch.ts";
import { type LinkPort, ObjectLink } from "./object-link.ts";
import { type LivePlace, placePath } from "./request-ticket.ts";

export interface LinksPort extends Omit<LinkPort, "placed" | "refused"> {
  readonly watchesAt: (path: string) => readonly LiveWatch[];
  readonly refused: (watch: string, error: unknown) => void;
}

export class ObjectLinks {
  readonly #port: LinksPort;
  /** By path of the table; tables of one object have the same. */
  readonly #byPath = new Map<string, ObjectLink>();
  readonly #byObject = new Map<ObjectName, ObjectLink>();

  constructor(port: LinksPort) {
    this.#port = port;
  }

  get all(): readonly ObjectLink[] {
    return [...new Set(this.#byPath.values())];
  }

  at(place: LivePlace): ObjectLink | undefined {
    return this.#byPath.get(placePath(place));
  }

  of(object: ObjectName): ObjectLink | undefined {
    return this.#byObject.get(object);
  }

  /** The one for a table, made when there is none. */
  open(place: LivePlace): ObjectLink {
    const path = placePath(place);
    const present = this.#byPath.get(path);
    if (present !== undefined) return present;
    const link: ObjectLink = new ObjectLink(place, {
      ...this.#port,
      placed: (object) => this.#placed(link, path, object),
      refused: (error) => {
        for (const { key } of this.#watchesOf(link)) this.#port.refused(key, error);
      },
    });
    this.#byPath.set(path, link);
    return link;
  }

  /** A watch needs its socket no more; one that nobody needs is closed. */
  release(key: string, place: LivePlace): void {
    const link = this.at(place);
    if (link === undefined) return;
    link.session.unwatch(key);
    if (this.#watchesOf(link).some((other) => other.key !== key)) return;
    for (const [path, each] of [...this.#byPath]) if (each === link) this.#byPath.delete(path);
    for (const [object, each] of [...this.#byObject]) if (each === link) this.#byObject.delete(object);
    link.end();
  }

  #placed(link: ObjectLink, path: string, object: ObjectName): boolean {
    const first = this.#byObject.get(object);
    if (first === undefined || first === link) {
      this.#byObject.set(object, link);
      return true;
    }
    const moved = this.#watchesOf(link);
    this.#byPath.set(path, first);
    link.end();
    for (const { key, request } of moved) first.session.watch(key, request);
    return false;
  }

  #watchesOf(link: ObjectLink): LiveWatch[] {
    return [...this.#byPath].flatMap(([path, each]) => (each === link ? this.#port.watchesAt(path) : []));
  }
}
