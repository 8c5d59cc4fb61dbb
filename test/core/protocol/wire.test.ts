/** Calls and replies as text: whatever goes in comes out, and what is no call is known as such. */

import fc from "fast-check";
import { expect, it } from "vitest";
import type { ObjectReply } from "../../../src/core/protocol/object-call.ts";
import { decodeCall, decodeReply, encodeCall, encodeReply } from "../../../src/core/protocol/wire.ts";

const json = fc.jsonValue({ noUnicodeString: false }).map((value) => JSON.parse(JSON.stringify(value)) as never);

it("a call comes out as it went in, whatever text it holds", () => {
  fc.assert(
    fc.property(json, fc.string({ unit: "binary" }), (input, filter) => {
      const call = { v: 1, op: "list", filter, input } as never;
      expect(decodeCall(encodeCall(call))).toEqual(call);
    }),
  );
});

it("an answer comes out as it went in: head, and body with any line breaks", () => {
  fc.assert(
    fc.property(fc.option(json), fc.string({ unit: "binary" }), json, (body, tag, more) => {
      const reply: ObjectReply = {
        kind: "answer",
        status: 200,
        headers: { etag: tag },
        body: body === null ? null : JSON.stringify({ body }, null, 2),
        position: "aaaaaaaaaaaaaaaa:1",
        next: [more],
      };
      expect(decodeReply(encodeReply(reply))).toEqual(reply);
    }),
  );
});

it("what is no text is no call: the other side runs another version", () => {
  expect(decodeCall({ v: 1, op: "get" })).toBeNull();
});
