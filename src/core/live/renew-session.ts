/**
 * A new proof for an open socket ([RV4]): it goes on where the same caller comes with the same rights, and ends otherwise. No I/O: whoever
 * calls has read the ticket.
 */

import { canonicalJson, type Json } from "../json.ts";
import { welcomeText } from "./frame-text.ts";
import type { LiveSession } from "./live-session.ts";
import type { SocketState } from "./socket-state.ts";
import { CLOSE } from "./wire-schema.ts";

/** What a ticket says of its maker; as in `LiveOpening`. */
export type Renewal = Pick<SocketState, "who" | "person" | "credential" | "exp" | "renewAtMs" | "rights" | "objects">;

/** `renewal` null: that was no ticket for this object. */
export function renewSession(session: LiveSession, renewal: Renewal | null): void {
  const { state } = session;
  if (renewal === null || renewal.who !== state.who) {
    session.line.end(CLOSE.unauthenticated, renewal === null ? "the ticket is not valid" : "another caller");
    return;
  }
  if (rightsText(renewal) !== rightsText(state)) {
    // What it follows is to be asked anew, under the rights of now.
    session.line.end(CLOSE.restart, "rights have changed");
    return;
  }
  state.credential = renewal.credential;
  state.exp = renewal.exp;
  state.renewAtMs = renewal.renewAtMs;
  session.line.send(welcomeText(state.session, state.exp));
  session.pump();
}

function rightsText({ rights, objects, person }: Pick<SocketState, "rights" | "objects" | "person">): string {
  return canonicalJson([rights, objects, person ?? null] as unknown as Json);
}
