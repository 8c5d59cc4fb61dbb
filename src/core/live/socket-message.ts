/**
 * What tabs that share a socket tell each other over their channel, and its reader. A port is a tab's end of the shared socket, a host the tab
 * that holds it; both have random ids, so that what is late finds nobody. Pure.
 */

import { isJsonObject } from "../json.ts";

/** Another version's messages are passed over: the tabs of one page may be of two releases. */
export const SOCKET_MESSAGE_VERSION = 1;

export type SocketMessage = { readonly v: typeof SOCKET_MESSAGE_VERSION } & (
  | { readonly type: "leads"; readonly host: string }
  /** To whoever leads. `url` has a ticket of the tab's own. */
  | { readonly type: "open"; readonly port: string; readonly tab: string; readonly url: string }
  | { readonly type: "said"; readonly port: string; readonly host: string; readonly text: string }
  | { readonly type: "end"; readonly port: string }
  /** From the host to a port: it has it; the socket is open; a frame; the port is gone. */
  | { readonly type: "joined" | "ready"; readonly host: string; readonly port: string }
  | { readonly type: "told"; readonly host: string; readonly port: string; readonly text: string }
  | {
      readonly type: "closed";
      readonly host: string;
      readonly port: string;
      readonly code: number;
      /** `full`: there is no room for its watches. */
      readonly why: "lost" | "full";
    }
);

const TYPES: ReadonlySet<unknown> = new Set([
  "leads",
  "open",
  "said",
  "end",
  "joined",
  "ready",
  "told",
  "closed",
] satisfies SocketMessage["type"][]);

/** Null: not for us. Whoever sends is of this origin, so only the outline is looked at. */
export function readSocketMessage(value: unknown): SocketMessage | null {
  if (!isJsonObject(value) || value.v !== SOCKET_MESSAGE_VERSION) return null;
  return TYPES.has(value.type) ? (value as unknown as SocketMessage) : null;
}
