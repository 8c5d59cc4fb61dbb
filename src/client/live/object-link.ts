/**
 * One socket to one object: carries out what `ClientSession` decides. Gets a ticket for each try, pings, renews the session before it
 * ends, and asks for streams instead when sockets fail twice ([WS16] [WS17] [CI4]). Holds no rows.
 */

import type { ObjectName } from "../../core/ids.ts";
import type { ClientEvent } from "../../core/live/client-event.ts";
import { type ClientAction, ClientSession } from "../../core/live/client-session.ts";
import { CLOSE, SUBPROTOCOL } from "../../core/live/wire-schema.ts";
import { type SocketLike, socketUrl } from "./live-platform.ts";
import type { LiveWiring } from "./live-wiring.ts";
import { type LivePlace, placePath, requestTicket, retryAfterOf, type Ticket } from "./request-ticket.ts";

/** Sockets that end before the object greets, before streams are used. */
const MAX_UNGREETED = 2;
/** The socket was lost, as browsers say it. */
const LOST = 1006;
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface LinkPort {
  readonly wiring: LiveWiring;
  /** Random id of this instance of the client. */
  readonly client: string;
  readonly tell: (event: ClientEvent) => void;
  readonly sinceOf: (watch: string) => string | null;
  /** The object is known; false: another link reaches it and takes the watches over. */
  readonly placed: (object: ObjectName) => boolean;
  /** The server refuses for good. */
  readonly refused: (error: unknown) => void;
  readonly noSockets: () => void;
  /** A socket that other tabs may use too; null: one of its own. */
  readonly openShared: (url: string, share: string) => SocketLike | null;
  readonly changed: () => void;
}

export class ObjectLink {
  readonly place: LivePlace;
  readonly session: ClientSession;
  readonly #port: LinkPort;
  #socket: SocketLike | null = null;
  /** Counts tries: what belongs to an earlier one is not heeded. */
  #turn = 0;
  #isOver = false;
  #ungreeted = 0;
  #isGreeted = false;
  #isUrgent = false;
  #cancelWait = (): void => {};
  #cancelPing = (): void => {};
  #cancelRenewal = (): void => {};

  constructor(place: LivePlace, port: LinkPort) {
    this.place = place;
    this.#port = port;
    this.session = new ClientSession({
      client: port.client,
      act: (action) => this.#act(action),
      tell: port.tell,
      sinceOf: port.sinceOf,
      random: port.wiring.platform.random,
      greeted: (untilMs) => this.#greeted(untilMs),
    });
  }

  /** Opens another socket at once. */
  reconnect(): void {
    if (this.#isOver) return;
    this.#isUrgent = true;
    if (this.#socket !== null) this.#drop(LOST);
    else this.hurry();
  }

  /** Tries at once, if it is waiting to. */
  hurry(): void {
    if (this.#isOver || this.#socket !== null) return;
    if (this.session.state === "disconnected") this.session.connect();
    else this.#connect(0);
  }

  end(): void {
    this.#isOver = true;
    this.#turn++;
    this.session.end();
    this.#cancelWait();
    this.#forget();
  }

  #act(action: ClientAction): void {
    if (action.kind === "send") this.#socket?.send(action.text);
    else if (action.kind === "connect") this.#connect(this.#isUrgent ? 0 : action.afterMs);
    else this.#drop(action.code);
    this.#port.changed();
  }

  #connect(afterMs: number): void {
    this.#cancelWait();
    const turn = ++this.#turn;
    this.#isUrgent = false;
    this.#forget();
    this.#cancelWait = this.#port.wiring.platform.after(afterMs, () => void this.#open(turn));
  }

  async #open(turn: number): Promise<void> {
    const { wiring } = this.#port;
    const { makeSocket } = wiring.platform;
    if (makeSocket === null) return this.#port.noSockets();
    let ticket: Ticket;
    try {
      ticket = await requestTicket(wiring, this.place);
    } catch (error) {
      if (turn === this.#turn) this.#refused(error);
      return;
    }
    if (turn !== this.#turn || !this.#port.placed(ticket.object)) return;
    const url = `${socketUrl(wiring.baseUrl)}${placePath(this.place)}/live?ticket=${ticket.ticket}`;
    try {
      const shared = ticket.share === undefined ? null : this.#port.openShared(url, ticket.share);
      this.#listen(shared ?? makeSocket(url, SUBPROTOCOL), turn);
    } catch {
      this.#lost(LOST);
    }
  }

  #listen(socket: SocketLike, turn: number): void {
    this.#socket = socket;
    this.#isGreeted = false;
    const heeds = () => turn === this.#turn && socket === this.#socket;
    const onEnd = (code: number) => {
      if (heeds()) this.#lost(code);
    };
    socket.addEventListener("open", () => {
      if (heeds()) this.session.opened();
    });
    socket.addEventListener("message", ({ data }) => {
      if (!heeds() || typeof data !== "string") return;
      this.#heard();
      if (data !== "pong") this.session.receive(data);
    });
    socket.addEventListener("close", ({ code = LOST }) => onEnd(code));
    socket.addEventListener("error", () => onEnd(LOST));
  }

  #refused(error: unknown): void {
    const retryAfterMs = retryAfterOf(error);
    if (retryAfterMs === null) {
      this.#port.refused(error);
      this.session.closed(CLOSE.forbidden);
    } else this.session.closed(LOST, retryAfterMs);
    this.#port.changed();
  }

  #greeted(untilMs: number | null): void {
    this.#ungreeted = 0;
    this.#isGreeted = true;
    this.#cancelRenewal();
    if (untilMs === null) return;
    const { platform, timings } = this.#port.wiring;
    const leftMs = untilMs - platform.now();
    const afterMs = Math.min(MAX_TIMER_MS, Math.max(leftMs - timings.renewMs, leftMs / 2));
    const turn = this.#turn;
    this.#cancelRenewal = platform.after(afterMs, () => void this.#renew(turn));
  }

  /** What goes wrong here is told when the object closes the socket, and then asked for again. */
  async #renew(turn: number): Promise<void> {
    try {
      const { ticket } = await requestTicket(this.#port.wiring, this.place);
      if (turn === this.#turn) this.session.renew(ticket);
    } catch {
      // See above.
    }
  }

  /** Something came: the next question whether the socket lives is asked after a while. */
  #heard(): void {
    const { platform, timings } = this.#port.wiring;
    this.#cancelPing();
    this.#cancelPing = platform.after(timings.pingMs, () => {
      // Before it is asked: a socket that is held in this very tab answers at once.
      this.#cancelPing = platform.after(timings.pongMs, () => this.#drop(LOST));
      this.#socket?.send("ping");
    });
  }

  /** Ends the socket without waiting for the other side, which may be gone. */
  #drop(code: number): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#forget();
    socket.close(code === LOST ? CLOSE.normal : code);
    const turn = this.#turn;
    void Promise.resolve().then(() => {
      if (turn === this.#turn && !this.#isOver) this.#lost(code);
    });
  }

  #lost(code: number): void {
    this.#forget();
    if (!this.#isGreeted && code === LOST) this.#ungreeted++;
    if (this.#ungreeted >= MAX_UNGREETED && code === LOST) {
      this.#port.noSockets();
      return;
    }
    this.session.closed(code);
    this.#port.changed();
  }

  #forget(): void {
    this.#socket = null;
    this.#cancelPing();
    this.#cancelRenewal();
  }
}
