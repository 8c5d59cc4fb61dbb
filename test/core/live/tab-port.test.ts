/** A tab's end of a shared socket, by itself. How tabs, sockets and objects hold together is simulated in `shared-socket.test.ts`. */

import { expect, test } from "vitest";
import type { SocketMessage } from "../../../src/core/live/socket-message.ts";
import { TabPort } from "../../../src/core/live/tab-port.ts";

const v = 1;

function open() {
  const posted: SocketMessage[] = [];
  const said: string[] = [];
  const port = new TabPort({
    port: "p",
    tab: "t",
    url: "wss://ledge.example",
    post: (message) => void posted.push(message),
    opened: () => void said.push("opened"),
    tell: (text) => void said.push(text),
    closed: (code) => void said.push(`closed ${code}`),
    alone: () => void said.push("alone"),
  });
  port.ask();
  return { port, posted, said };
}

test("[O8] a tab does not join a host that is gone, however late its answer comes", () => {
  const { port, posted, said } = open();
  port.hear({ v, type: "leads", host: "new" });
  port.hear({ v, type: "joined", host: "dead", port: "p" });
  port.hear({ v, type: "ready", host: "dead", port: "p" });
  port.hear({ v, type: "joined", host: "new", port: "p" });
  port.hear({ v, type: "ready", host: "new", port: "p" });
  port.say("hello");
  expect([posted.map(({ type }) => type), said]).toEqual([["open", "open", "said"], ["opened"]]);
  expect(posted.at(-1)).toMatchObject({ host: "new" });
});

test("[O8] a tab that has heard of no host joins the one that answers", () => {
  const { port, said } = open();
  port.hear({ v, type: "joined", host: "h", port: "p" });
  port.hear({ v, type: "ready", host: "h", port: "p" });
  port.hear({ v, type: "leads", host: "other" });
  expect(said).toEqual(["opened", "closed 1001"]);
});
