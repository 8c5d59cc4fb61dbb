/**
 * Requests about the bytes of files, for the fuzzer: on one row of each table, so that what belongs together meets: announced, sent,
 * begun in parts, completed, fetched. No other request of the fuzzer names this row.
 */

import fc from "fast-check";
import type { Attempt } from "./requests.ts";

export const FILE_ROOTS = ["/api/scans", "/api/@p1/sheets"] as const;
const ID = "019a0000-0000-7000-8000-0000000000f1";

function requestsTo(root: string): fc.Arbitrary<Attempt> {
  const base = {
    query: [],
    headers: [],
    contentType: null,
    body: null,
    world: "development",
    authorization: null,
  } as const;
  const ask = (method: string, tail: string, more: Partial<Attempt> = {}): Attempt => ({
    ...base,
    method,
    path: `${root}/${ID}${tail}`,
    ...more,
  });
  const json = (method: string, tail: string, ...body: (readonly [string, string])[]) =>
    ask(method, tail, { contentType: "application/json", body });
  const whole = [
    ["size", "5"],
    ["type", '"text/plain"'],
  ] as const;
  const announce: Attempt = { ...json("POST", "", ["id", `"${ID}"`], ["name", '"a.txt"'], ...whole), path: root };
  const often = (weight: number, ...attempts: Attempt[]) => ({ weight, arbitrary: fc.constantFrom(...attempts) });
  return fc.oneof(
    often(3, announce),
    often(4, json("POST", "/upload", ...whole)),
    often(4, ask("PUT", "/upload/1", { body: "hello" })),
    often(4, ask("POST", "/upload/complete")),
    often(2, ask("GET", "/upload")),
    often(1, ask("DELETE", "/upload")),
    often(2, ask("PUT", "/content", { body: "hello" })),
    often(3, ask("GET", "/content")),
    often(1, json("POST", "/link", ["expiresIn", "60"])),
    often(2, json("POST", "/copy"), json("POST", "/copy", ["row", '{"name":"b.txt"}'])),
    often(2, json("POST", "/copy", ["to", '"p2"']), json("POST", "/move", ["to", '"p2"'])),
    often(1, json("POST", "/copy", ["to", '"p3"']), json("POST", "/move", ["to", "1"])),
    often(1, json("POST", "/upload", ["size", '"5"']), json("POST", "/link", ["expiresIn", "1e9"])),
    fc
      .tuple(fc.constantFrom("0", "2", "01", "1e0", "%31", "99999999999"), fc.constantFrom("hello", "hell", "hello!"))
      .map(([part, body]) => ask("PUT", `/upload/${part}`, { body })),
    fc
      .constantFrom("hell", "hello!", "", new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d]))
      .map((body) => ask("PUT", "/content", { body, contentType: "image/png" })),
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          fc.constantFrom<Attempt["headers"][]>(
            [],
            [["range", "bytes=1-3"]],
            [["range", "bytes=9-"]],
            [["range", "bytes=-0"]],
            [["if-none-match", "*"]],
            [["if-match", '"x"']],
          ),
          fc.constantFrom<Attempt["query"][]>([], [["use", "show"]], [["use", "x"]]),
        )
        .map(([headers, query]) => ask("GET", "/content", { headers, query })),
    },
    fc.constantFrom("0", "x", "9".repeat(64), "a".repeat(64)).map((signature) =>
      ask("GET", "/content", {
        query: [
          ["use", "show"],
          ["expires", "9999999999"],
          ["signature", signature],
        ],
      }),
    ),
  );
}

export const fileRequests: fc.Arbitrary<Attempt> = fc.oneof(...FILE_ROOTS.map(requestsTo));
