/**
 * What the Worker tells an object of a socket it opens there, in the header `ledge-live`: who it is for, and what they may follow. The
 * caller's own headers never carry it; the object is reached by the Worker alone.
 */

import type { ObjectName } from "../ids.ts";
import type { SocketRights } from "../live/socket-state.ts";
import type { User } from "../scope/principal.ts";

export const LIVE_HEADER = "ledge-live";

export interface LiveOpening {
  readonly v: 1;
  readonly object: ObjectName;
  readonly partition: string | null;
  /** The table of the path, for the register. */
  readonly table: string;
  /** Random, or the id of the ticket: a second socket with the same one is refused. */
  readonly session: string;
  /** Of a ticket: until when it would be good, ms since 1970; so long the object remembers that it was used. */
  readonly ticketUntilMs?: number;
  /** Id of the signed-in user. */
  readonly who: string | null;
  /** What else rules are told of them; only where scopes of this object depend on rows. */
  readonly person?: Pick<User, "roles" | "claims">;
  /** Names their proof, where it can be ended before it expires. */
  readonly credential: string | null;
  /** When that was looked at, ms since 1970. */
  readonly provenAtMs: number;
  /** Under what sockets are counted: a user, or an address. */
  readonly counted: string;
  /** ms since 1970. */
  readonly exp: number | null;
  /** From when on the rights count as too old: the socket is then closed, and the client comes back. */
  readonly renewAtMs: number | null;
  readonly rights: SocketRights;
  /** Objects that the caller may be told of in `parts`. */
  readonly objects: readonly string[];
}
