/**
 * One watch over an event stream, where sockets cannot be used ([CI4]): opens it with a ticket, resumes it from what is shown, and begins
 * again when it ends or falls silent. The server ends a stream after hours and when rights change; that is no failure.
 */

import { backoffMs } from "../../core/live/backoff.ts";
import type { ClientEvent, WatchPlace } from "../../core/live/client-event.ts";
import type { WatchRequest } from "../../core/live/client-session.ts";
import { parseSince } from "../../core/live/position.ts";
import { SseReader } from "../../core/live/sse-reader.ts";
import type { PlaceQuestion } from "../../core/offline/overlay.ts";
import { queryOf } from "../parameters.ts";
import { errorFromReply } from "../read-problem.ts";
import type { BodyReader } from "./live-platform.ts";
import type { LiveWiring } from "./live-wiring.ts";
import { isFull, type LivePlace, placePath, requestTicket, retryAfterOf } from "./request-ticket.ts";

/** The server says something every 15 s, and answers at once. */
const SILENT_MS = 45_000;
/** A write that shows comes by itself within that time. */
const INQUIRY_MS = 1_000;

export interface StreamPort {
  readonly wiring: LiveWiring;
  readonly tell: (event: ClientEvent) => void;
  readonly sinceOf: (watch: string) => string | null;
  readonly refused: (watch: string, error: unknown) => void;
  readonly changed: () => void;
}

export class WatchStream {
  readonly #key: string;
  readonly #place: LivePlace;
  readonly #request: WatchRequest;
  readonly #port: StreamPort;
  #turn = 0;
  #attempt = 0;
  #cancelWait = (): void => {};
  #abort = (): void => {};
  #cancelInquiry: (() => void) | null = null;
  /** Writes of which it is to be known where they are. */
  readonly #names = new Set<string>();
  state: "connecting" | "connected" | "reconnecting" | "disconnected" = "connecting";

  constructor(key: string, place: LivePlace, request: WatchRequest, port: StreamPort) {
    this.#key = key;
    this.#place = place;
    this.#request = request;
    this.#port = port;
  }

  /** Opens it, or opens it anew. */
  start(): void {
    this.#abort();
    this.#wait(0);
  }

  /** A stream cannot be asked: one that is opened anew says where it stands. */
  inquire(question: PlaceQuestion): void {
    if ("name" in question) this.#names.add(question.name);
    this.#cancelInquiry ??= this.#port.wiring.platform.after(INQUIRY_MS, () => {
      this.#cancelInquiry = null;
      const { seq = 0 } = parseSince(this.#port.sinceOf(this.#key) ?? "") ?? {};
      const isKnown = "seq" in question && seq >= question.seq && this.#names.size === 0;
      if (!isKnown && this.state === "connected") this.start();
    });
  }

  end(): void {
    this.#turn++;
    this.#cancelInquiry?.();
    this.#cancelWait();
    this.#abort();
    this.#become("disconnected");
  }

  #wait(ms: number): void {
    this.#cancelWait();
    const turn = ++this.#turn;
    this.#become(this.#attempt > 0 ? "reconnecting" : "connecting");
    this.#cancelWait = this.#port.wiring.platform.after(ms, () => void this.#run(turn));
  }

  async #run(turn: number): Promise<void> {
    const { platform } = this.#port.wiring;
    const isPresent = () => turn === this.#turn;
    const controller = platform.makeController();
    this.#abort = () => controller.abort();
    let retryAfterMs: number | null = 0;
    try {
      const reader = await this.#open(controller.signal);
      if (isPresent()) await this.#read(reader, isPresent);
      else void reader.cancel().catch(() => {});
    } catch (error) {
      retryAfterMs = isFull(error) ? null : retryAfterOf(error);
      if (isPresent() && retryAfterMs === null) this.#port.refused(this.#key, error);
    }
    if (!isPresent()) return;
    if (retryAfterMs === null) {
      this.end();
      return;
    }
    this.#port.tell({ kind: "lost", object: null, watches: [this.#key], isFinal: false });
    this.#wait(backoffMs(this.#attempt++, platform.random(), retryAfterMs));
  }

  async #open(signal: ReturnType<LiveWiring["platform"]["makeController"]>["signal"]): Promise<BodyReader> {
    const { wiring, sinceOf } = this.#port;
    const { platform, baseUrl, credentials } = wiring;
    const { ticket } = await requestTicket(wiring, this.#place);
    const { aggregate, events, skipExisting, resource: _resource, partition: _partition, ...rest } = this.#request;
    const more = {
      events,
      resumeFrom: sinceOf(this.#key),
      skipExisting: skipExisting === true ? "true" : undefined,
      ticket,
    };
    const extra = Object.entries(more).flatMap(([name, value]) =>
      value == null ? [] : [`${name}=${encodeURIComponent(value)}`],
    );
    const known = queryOf({ ...rest, ...aggregate });
    const url = `${baseUrl}${placePath(this.#place)}${aggregate === undefined ? "" : "/aggregate"}/subscribe`;
    const cancel = platform.after(SILENT_MS, this.#abort);
    try {
      const response = await platform.stream(`${url}${known === "" ? "?" : `${known}&`}${extra.join("&")}`, {
        headers: { accept: "text/event-stream" },
        ...(credentials !== undefined && { credentials }),
        signal,
      });
      if (response.status !== 200 || response.body === null)
        throw errorFromReply(response.status, await response.text(), response.headers, platform.now());
      return response.body.getReader();
    } finally {
      cancel();
    }
  }

  async #read(reader: BodyReader, isPresent: () => boolean): Promise<void> {
    const { platform } = this.#port.wiring;
    const events = new SseReader(this.#key);
    const names = [...this.#names];
    const decode = platform.decode();
    let cancel = () => {};
    try {
      for (;;) {
        cancel = platform.after(SILENT_MS, () => this.#abort());
        const { done, value } = await reader.read();
        cancel();
        if (done || value === undefined || !isPresent()) return;
        const told = events.take(decode(value));
        if (told === null) return;
        if (told.length > 0) this.#attempt = 0;
        this.#become("connected");
        for (const event of told) {
          this.#port.tell(event);
          if (event.kind === "snapshot" || event.kind === "replayed") this.#tellWhere(event, names.splice(0));
        }
      }
    } finally {
      cancel();
      void reader.cancel().catch(() => {});
    }
  }

  #tellWhere({ object, seq }: WatchPlace, names: readonly string[]): void {
    for (const name of names) {
      this.#names.delete(name);
      this.#port.tell({ kind: "at", object, seq, name });
    }
  }

  #become(state: WatchStream["state"]): void {
    if (this.state === state) return;
    this.state = state;
    this.#port.changed();
  }
}
