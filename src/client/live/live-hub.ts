/**
 * All watches of a client over all of its connections: one socket an object, shared ([CI3]); streams where sockets cannot be used
 * ([CI4]). What is shown is decided by `ClientPicture`: one for all sockets, in whole transactions; over streams one each, since no stream
 * waits for another, and what one has passed another may still bring ([CC5]). Its lines are one machine's.
 */

import { canonicalJson, type Json } from "../../core/json.ts";
import type { ClientEvent } from "../../core/live/client-event.ts";
import { ClientPicture, type PicturePort } from "../../core/live/client-picture.ts";
import type { WatchRequest } from "../../core/live/client-session.ts";
import type { LiveView, Shown, ViewStep } from "../../core/live/live-view.ts";
import type { PlaceQuestion } from "../../core/offline/overlay.ts";
import { LedgeError, TransportError } from "../ledge-error.ts";
import { errorFromReply } from "../read-problem.ts";
import type { SocketLike } from "./live-platform.ts";
import type { ConnectionState, LiveStatus } from "./live-types.ts";
import { type KeptView, LiveWatch, type WatchListener } from "./live-watch.ts";
import type { LiveWiring } from "./live-wiring.ts";
import { ObjectLinks } from "./object-links.ts";
import { isFull, type LivePlace, placePath } from "./request-ticket.ts";
import { tagRows } from "./tag-rows.ts";
import { type StreamPort, WatchStream } from "./watch-stream.ts";

interface Streamed {
  readonly stream: WatchStream;
  readonly picture: ClientPicture;
}

export class LiveHub {
  readonly #wiring: LiveWiring;
  readonly #watches = new Map<string, LiveWatch>();
  readonly #links: ObjectLinks;
  readonly #streams = new Map<string, Streamed>();
  readonly #picture: ClientPicture;
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  /** Called when what was shown of a table is no longer this caller's to see. */
  onPurged = (_place: LivePlace): void => {};
  /** Called after what a watch shows has changed. */
  onShown = (_watch: LiveWatch, _steps: readonly ViewStep[]): void => {};
  /** Opens a socket that tabs share; null: there are none. */
  openShared = (_url: string, _share: string): SocketLike | null => null;
  /** Called when an object may stand elsewhere, whether rows changed or not. */
  onMoved = (): void => {};
  /** Called when an object has said where it has what it was asked for by name: at `epoch:seq`. */
  onTold = (_name: string, _position: string): void => {};
  /** Called when no more may be followed; true: what nobody needs was left. */
  onFull = (): boolean => false;
  #usesStreams = false;
  #isDestroyed = false;
  #told: ConnectionState = "disconnected";

  constructor(wiring: LiveWiring, consistency: "transaction" | "object") {
    this.#wiring = wiring;
    this.#picture = this.#makePicture({
      consistency,
      sync: (object, question) => this.#links.of(object)?.session.sync(question) === true,
      reopen: (object) => this.#links.of(object)?.session.restart(),
    });
    this.#links = new ObjectLinks({
      ...this.#feed(this.#picture),
      client: wiring.platform.makeKey(),
      watchesAt: (path) => this.watches.filter(({ place }) => placePath(place) === path),
      noSockets: () => this.#useStreams(),
      openShared: (url, share) => this.openShared(url, share),
    });
  }

  get watches(): readonly LiveWatch[] {
    return [...this.#watches.values()];
  }

  get connectionState(): ConnectionState {
    const links = this.#links.all.map(({ session }) => session.state);
    const states = [...links, ...[...this.#streams.values()].map(({ stream }) => stream.state)];
    const first = (["reconnecting", "connecting", "connected"] as const).find((state) => states.includes(state));
    return first ?? "disconnected";
  }

  onConnectionChange(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  positionOf(key: string): string | null {
    return this.#pictureOf(key).sinceOf(key);
  }

  /** The key column of a table and its kind, once a watch has told them. */
  keyOf(table: string): { readonly name: string; readonly kind: string } | undefined {
    const watch = this.watches.find((each) => each.place.resource === table && each.kinds[each.rowKey] !== undefined);
    return watch && { name: watch.rowKey, kind: String(watch.kinds[watch.rowKey]) };
  }

  /** Has the object of a watch say where it stands, or where it has a write ([CI6]). */
  ask({ key, place }: LiveWatch, question: PlaceQuestion): void {
    (this.#streams.get(key)?.stream ?? this.#links.at(place)?.session)?.inquire(question);
  }

  /** The watch that asks this from the beginning, if there is one. */
  find(place: LivePlace, request: WatchRequest): LiveWatch | undefined {
    return this.#watches.get(watchKey(place, request, null));
  }

  /** Joins the watch that asks this, or begins it; `start`: a position up to which its rows are held elsewhere, `kept`: which. */
  subscribe(
    place: LivePlace,
    request: WatchRequest,
    subscriber: WatchListener,
    start: string | null,
    kept: KeptView | null = null,
  ): LiveWatch {
    if (this.#isDestroyed)
      throw new TransportError("The live client was destroyed", { code: "CLOSED", retryable: false });
    const key = watchKey(place, request, kept === null ? start : null);
    const present = this.#watches.get(key);
    const watch = present ?? new LiveWatch(key, place, request);
    watch.subscribers.add(subscriber);
    if (present === undefined) {
      this.#watches.set(key, watch);
      if (kept !== null) watch.restore(kept);
      this.#begin(watch, start, kept?.view);
    } else if (present.state === "CHANNEL_ERROR") this.#restart(present);
    else
      void Promise.resolve().then(() => {
        if (!watch.subscribers.has(subscriber)) return;
        if (watch.refusal !== null) subscriber.failed(watch.refusal);
        if (watch.state === "SUBSCRIBED") subscriber.connected(watch.seq, key);
        subscriber.begin(watch);
      });
    return watch;
  }

  unsubscribe(watch: LiveWatch, subscriber: WatchListener): void {
    if (this.leave(watch, subscriber)) subscriber.closed();
  }

  unsubscribeAll(): void {
    for (const watch of this.watches)
      for (const subscriber of [...watch.subscribers]) this.unsubscribe(watch, subscriber);
  }

  /** Without a word to the subscriber; false: it had left before. */
  leave(watch: LiveWatch, subscriber: WatchListener): boolean {
    if (!watch.subscribers.delete(subscriber)) return false;
    if (watch.subscribers.size === 0) this.#end(watch);
    return true;
  }

  reconnect(watch?: LiveWatch): void {
    if (watch === undefined) this.#usesStreams &&= this.#wiring.platform.makeSocket === null;
    for (const each of watch === undefined ? this.watches : [watch]) {
      if (each.state === "CHANNEL_ERROR") this.#restart(each);
      else if (!this.#usesStreams && this.#streams.has(each.key)) this.#move(each);
      else this.#streams.get(each.key)?.stream.start();
    }
    const own = watch === undefined ? null : this.#links.at(watch.place);
    for (const link of this.#links.all) if (own === null || link === own) link.reconnect();
  }

  /** The network is back: what waits for its next try does not. */
  hurry(): void {
    for (const link of this.#links.all) link.hurry();
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.unsubscribeAll();
    this.#listeners.clear();
  }

  #begin(watch: LiveWatch, start: string | null, view: LiveView | null = null): void {
    const { key, place, request } = watch;
    watch.state = "CONNECTING";
    this.#awaitAnswer(watch);
    if (this.#usesStreams) {
      const picture = this.#makePicture({ consistency: "object", sync: () => false, reopen() {} });
      picture.add(key, start, view);
      const stream = new WatchStream(key, place, request, this.#feed(picture));
      this.#streams.set(key, { stream, picture });
      stream.start();
      return;
    }
    this.#picture.add(key, start, view);
    this.#links.open(place).session.watch(key, request);
    this.#changed();
  }

  #end(watch: LiveWatch): void {
    watch.cancelTimer();
    watch.state = "CLOSED";
    this.#watches.delete(watch.key);
    this.#release(watch);
    this.#changed();
  }

  /** Lets go of its connection; a socket that nobody needs is closed. */
  #release({ key, place }: LiveWatch): void {
    this.#pictureOf(key).remove(key);
    this.#streams.get(key)?.stream.end();
    this.#streams.delete(key);
    this.#links.release(key, place);
  }

  #restart(watch: LiveWatch): void {
    this.#release(watch);
    this.#begin(watch, null);
  }

  /** From sockets to streams, or back: what is shown goes along, and is resumed from there. */
  #move(watch: LiveWatch): void {
    const picture = this.#pictureOf(watch.key);
    const view = picture.viewOf(watch.key);
    const since = picture.sinceOf(watch.key);
    this.#release(watch);
    this.#begin(watch, since, view);
  }

  #useStreams(): void {
    this.#usesStreams = true;
    const moved = this.watches.filter(({ key }) => !this.#streams.has(key));
    for (const watch of moved) this.#move(watch);
  }

  #makePicture(port: Omit<PicturePort, "idOf" | "shown">): ClientPicture {
    return new ClientPicture({
      ...port,
      idOf: (key, row) => this.#watches.get(key)?.idOf(row) ?? "",
      shown: (shown) => this.#shown(shown),
    });
  }

  /** What brings a picture its events. */
  #feed(picture: ClientPicture): StreamPort {
    return {
      wiring: this.#wiring,
      tell: (event) => this.#take(event, picture),
      sinceOf: (key) => picture.sinceOf(key),
      refused: (key, error) => this.#fail(key, error),
      changed: () => this.#changed(),
    };
  }

  #pictureOf(key: string): ClientPicture {
    return this.#streams.get(key)?.picture ?? this.#picture;
  }

  #take(event: ClientEvent, picture: ClientPicture): void {
    if (event.kind === "snapshot" || event.kind === "replayed") {
      const watch = this.#watches.get(event.watch);
      watch?.learn(event.key, "kinds" in event ? event.kinds : this.#kindsOf(watch));
      watch?.answered(event.seq, this.#wiring.platform.now());
    }
    tagRows(event);
    picture.take(event);
    if (event.kind === "at" && event.name !== undefined)
      this.onTold(event.name, `${picture.epochOf(event.object)}:${event.txSeq ?? event.seq}`);
    this.onMoved();
    if (event.kind === "reset" && event.purge) {
      const watch = this.#watches.get(event.watch);
      if (watch !== undefined) this.onPurged(watch.place);
    }
    if (event.kind === "reset") this.#invalidated(event.watch, event.reason === "epoch" ? "gap" : event.reason);
    else if (event.kind === "told") this.#invalidated(event.watch, event.reason);
    else if (event.kind === "error" && event.watch !== undefined) this.#refusedWatch(event.watch, event.problem);
    else if (event.kind === "lost")
      for (const key of event.watches) {
        const watch = this.#watches.get(key);
        if (watch?.state === "SUBSCRIBED") watch.become("CONNECTING");
      }
    this.#changed();
  }

  /** The kinds are told once a socket and table. */
  #kindsOf({ place, kinds }: LiveWatch): LiveWatch["kinds"] {
    const known = this.watches.find(
      (each) => each.place.resource === place.resource && Object.keys(each.kinds).length > 0,
    );
    return known?.kinds ?? kinds;
  }

  #invalidated(key: string, reason: string): void {
    for (const subscriber of this.#watches.get(key)?.subscribers ?? []) subscriber.invalidated(reason);
  }

  #refusedWatch(key: string, problem: Parameters<typeof JSON.stringify>[0]): void {
    const error = errorFromReply(
      Number(problem.status ?? 400),
      JSON.stringify(problem),
      { get: () => null },
      this.#wiring.platform.now(),
    );
    this.#fail(key, error);
  }

  /** Tried again where the refusal says so; one for which there is no room is told of, too. */
  #fail(key: string, cause: unknown): void {
    const watch = this.#watches.get(key);
    if (watch === undefined) return;
    const error = cause instanceof LedgeError ? cause : new TransportError("The subscription failed", { cause });
    watch.cancelTimer();
    if (error.retryable) {
      const waitMs = Number(error.details.retryAfter ?? 1) * 1000;
      const hasRoom = !isFull(error) || this.onFull();
      if (isFull(error) && hasRoom && !this.#usesStreams) {
        this.#restart(watch);
        return;
      }
      const isNews = !hasRoom && watch.refusal === null;
      watch.refusal = hasRoom ? null : error;
      watch.become("CONNECTING", isNews ? error : undefined);
      watch.cancelTimer = this.#wiring.platform.after(waitMs, () => this.#restart(watch));
      return;
    }
    watch.become("CHANNEL_ERROR", error);
  }

  #shown(shown: Shown): void {
    for (const [key, steps] of shown) {
      const watch = this.#watches.get(key);
      watch?.shown(steps, this.#pictureOf(key).viewOf(key));
      if (watch !== undefined) this.onShown(watch, steps);
    }
  }

  #awaitAnswer(watch: LiveWatch): void {
    const { platform, timings } = this.#wiring;
    watch.cancelTimer();
    watch.cancelTimer = platform.after(timings.answerMs, () => {
      watch.become("TIMED_OUT");
      this.#awaitAnswer(watch);
      this.reconnect(watch);
    });
  }

  #changed(): void {
    const state = this.connectionState;
    for (const watch of this.watches) watch.tell(this.#statusOf(watch));
    if (state === this.#told) return;
    this.#told = state;
    for (const listener of [...this.#listeners]) listener(state);
  }

  #statusOf({ key, state, view, place, refusal }: LiveWatch): LiveStatus {
    if (state === "CHANNEL_ERROR" || refusal !== null) return "error";
    const connection = this.#streams.get(key)?.stream.state ?? this.#links.at(place)?.session.state ?? "disconnected";
    if (view === null) return "loading";
    if (connection === "disconnected") return "offline";
    if (connection !== "connected" || state !== "SUBSCRIBED") return "reconnecting";
    return this.#pictureOf(key).isWaiting ? "waiting" : "live";
  }
}

function watchKey(place: LivePlace, request: WatchRequest, start: string | null): string {
  return canonicalJson({ ...place, ...request, start } as unknown as Json);
}
