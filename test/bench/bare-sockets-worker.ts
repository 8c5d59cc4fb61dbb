/** What a fan-out is measured against: an object that sends a text to all its sockets in one loop, and does nothing else. */

import { DurableObject } from "cloudflare:workers";

export class TableObject extends DurableObject {
  override async fetch(request: Request): Promise<Response> {
    if (request.headers.get("upgrade") === "websocket") {
      const [client, socket] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
      this.ctx.acceptWebSocket(socket);
      return new Response(null, { status: 101, webSocket: client });
    }
    const text = await request.text();
    for (const socket of this.ctx.getWebSockets()) socket.send(text);
    return new Response("{}", { status: 201 });
  }
}

export default {
  fetch: (request: Request, env: { readonly LEDGE_TABLES: DurableObjectNamespace }) =>
    env.LEDGE_TABLES.getByName("bare").fetch(request),
};
