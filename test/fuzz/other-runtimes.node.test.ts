/**
 * What workerd never lets through, and other runtimes that the application may be mounted in do: methods of any name. A name that
 * all objects have must not be taken for a handler.
 */

import { describe, expect, it } from "vitest";
import { client } from "../edge/client.ts";

describe("methods of any name", () => {
  it.each(["constructor", "toString", "__proto__", "hasOwnProperty", "valueOf", "FOO", "get-x"])(
    "[HT11] %s is 405 on a known path and 404 on another",
    async (method) => {
      const { send, calls } = client();
      const known = await send("/api/notes", { method });
      expect([known.status, known.json.code]).toEqual([405, "METHOD_NOT_ALLOWED"]);
      expect((await send("/healthz", { method })).status).toBe(405);
      expect((await send("/api/nothing", { method })).status).toBe(404);
      expect(calls).toEqual([]);
    },
  );
});
