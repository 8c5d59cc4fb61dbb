/** What docs/security.md says of the sources, read out of them: what is nowhere in the Worker, and what is in one place only. */

import { describe, expect, it } from "vitest";
import { readFiles } from "../house/project-files.ts";

/** What runs in the Worker and its objects, without comments; `src/web/client` is for browsers. */
const served = readFiles(["src", "durable-objects"])
  .filter(({ path }) => !/^src\/(?:cli|client|web\/client)\//.test(path))
  .map(({ path, text }) => ({ path, code: text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "") }));

const where = (pattern: RegExp) => served.filter(({ code }) => pattern.test(code)).map(({ path }) => path);

describe("the sources of what is served", () => {
  it("are read", () => expect(served.length).toBeGreaterThan(150));

  it("make no code out of text", () => {
    expect(where(/\beval\s*\(|\bnew\s+Function\b|\bFunction\s*\(|\bimport\s*\((?!\s*["'`])/)).toEqual([]);
  });

  it("call out in two places: for the keys of the configured provider, and for webhooks", () => {
    // A method of that name, called or declared, is none of ours.
    expect(where(/(?<![.\w])(?<!async )fetch\((?!(?:request|url): )/)).toEqual([
      "src/edge/verify-jwt.ts",
      "src/features/jobs/webhook.ts",
    ]);
    expect(where(/\bnew (?:XMLHttpRequest|EventSource|WebSocket)\b|(?<!#)\bconnect\s*\(\s*\{/)).toEqual([]);
  });

  it("take what must not be guessed from the platform's generator, never from Math.random", () => {
    expect(where(/Math\s*\.\s*random/)).toEqual([]);
    expect(where(/crypto\.(?:getRandomValues|randomUUID)/).length).toBeGreaterThan(2);
  });

  it("hold no secret", () => {
    expect(where(/(?:secret|password|token|key)\w*\s*[:=]\s*["'`][A-Za-z0-9+/=_-]{20,}["'`]/i)).toEqual([]);
    expect(where(/-----BEGIN|eyJ[A-Za-z0-9_-]{10,}\./)).toEqual([]);
  });

  it("parse and print JSON by JSON.parse and JSON.stringify only: no reviver that could run, no text pasted into keys", () => {
    expect(where(/JSON\.parse\([^()]*,/)).toEqual([]);
  });
});
