import { expect, test } from "vitest";
import { readableLine } from "../../src/cli/dev/readable-line.ts";
import { isReadyLine, isWranglerChatter } from "../../src/cli/dev/wrangler-chatter.ts";

test.each([
  ["⎔ Starting local server...", true],
  ["\u001b[2m[wrangler:info] GET /api/tasks 200 OK (5ms)\u001b[22m", true],
  ['env.LEDGE_ENV ("(hidden)")          Environment Variable      local', true],
  ["", true],
  ["\u001b[31m✘ [ERROR]\u001b[0m Build failed with 1 error:", false],
  ["hello from a hook", false],
  [
    "\u001b[32mIf you think this is a bug then please create an issue at https://github.com/cloudflare/workers-sdk\u001b[0m",
    true,
  ],
  ["Note that there is a newer version of Wrangler available (4.164.0). Consider checking", true],
])("[CLI4] of what wrangler prints, only what concerns the application is shown: %j", (line, isChatter) => {
  expect(isWranglerChatter(line)).toBe(isChatter);
});

test("[CLI4] the line that says that the Worker can be asked is known", () => {
  expect(isReadyLine("[wrangler:info] Ready on http://127.0.0.1:8787")).toBe(true);
  expect(isReadyLine("[wrangler:info] GET /Ready on 200 OK (5ms)")).toBe(false);
});

test("[CLI4] structured log lines are shown as a person reads them, others as they are", () => {
  const request = {
    level: "info",
    time: "2026-11-21T08:40:16.638Z",
    message: "request",
    requestId: "r",
    traceId: "t",
    method: "GET",
    path: "/api/tasks",
    route: "/api/:table",
    status: 200,
    durationMs: 2,
    principal: null,
  };
  expect(readableLine(JSON.stringify(request))).toBe("08:40:16 GET /api/tasks 200 2 ms");
  const failure = {
    level: "error",
    time: "2026-11-21T08:40:16.638Z",
    message: "migration failed",
    tag: "0003_x",
    requestId: "r",
  };
  expect(readableLine(JSON.stringify(failure))).toBe("08:40:16 error migration failed tag=0003_x");
  const marked = `\u001b[31m✘ \u001b[41;31m[\u001b[41;97mERROR\u001b[41;31m]\u001b[0m \u001b[1m${JSON.stringify(failure)}\u001b[0m`;
  expect(readableLine(marked)).toBe("08:40:16 error migration failed tag=0003_x");
  expect(readableLine('{"not": "a log line"}')).toBe('{"not": "a log line"}');
  expect(readableLine("{broken")).toBe("{broken");
});
