/** A mistake in a table must not end `ledge dev`: the server comes back with the edit that mends it. */

import { expect, test } from "vitest";
import { countEdits, keepRunning, type Server } from "../../src/cli/dev/keep-running.ts";

interface Fake extends Server {
  readonly comeUp: () => void;
  readonly end: () => void;
}

function fakeServer(stopped: () => void): Fake {
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  return {
    ready: ready.promise,
    ended: ended.promise,
    stop: async () => stopped(),
    comeUp: ready.resolve,
    end: ended.resolve,
  };
}

function stage() {
  const log: string[] = [];
  const servers: Fake[] = [];
  const edits = countEdits();
  const stop = Promise.withResolvers<void>();
  const result = keepRunning({
    start: () => {
      log.push("start");
      const server = fakeServer(() => log.push("stop"));
      servers.push(server);
      return server;
    },
    edits,
    stopped: stop.promise,
    onReady: () => log.push("ready"),
    onCrash: () => log.push("crash"),
  });
  const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
  return { log, servers, edits, result, stop: stop.resolve, settle };
}

test("[CLI4] a server that ended by a mistake starts again with the next sound edit", async () => {
  const { log, servers, edits, result, stop, settle } = stage();
  servers[0]?.comeUp();
  await settle();
  servers[0]?.end();
  await settle();
  expect(log).toEqual(["start", "ready", "stop", "crash"]);
  edits.add();
  await settle();
  servers[1]?.comeUp();
  await settle();
  expect(log).toEqual(["start", "ready", "stop", "crash", "start", "ready"]);
  stop();
  expect(await result).toBe("stopped");
});

test("[CLI4] an edit that mends it before the server has ended is not missed; one crash does not start it twice", async () => {
  const { log, servers, edits, result, stop, settle } = stage();
  servers[0]?.comeUp();
  await settle();
  edits.add();
  servers[0]?.end();
  await settle();
  expect(log.filter((line) => line === "start").length).toBe(2);
  servers[1]?.end();
  await settle();
  expect(log.filter((line) => line === "start").length).toBe(2);
  stop();
  expect(await result).toBe("stopped");
  expect(log.filter((line) => line === "stop").length).toBe(2);
});

test("[CLI4] a server that never came up is not waited for", async () => {
  const { servers, result } = stage();
  servers[0]?.end();
  expect(await result).toBe("never-ready");
});

test("[CLI4] a signal ends it while it waits for an edit", async () => {
  const { servers, result, stop, settle } = stage();
  servers[0]?.comeUp();
  await settle();
  servers[0]?.end();
  await settle();
  stop();
  expect(await result).toBe("stopped");
});
