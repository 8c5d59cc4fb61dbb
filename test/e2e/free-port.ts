/** A port of 8800–8899 on which nothing listens now. */

import { once } from "node:events";
import { createServer } from "node:net";

export async function freePort(): Promise<number> {
  for (let port = 8800 + Math.floor(Math.random() * 90); port < 8900; port++) {
    const server = createServer();
    server.listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    server.close();
    if (isFree) return port;
  }
  throw new Error("no port of 8800–8899 is free");
}
