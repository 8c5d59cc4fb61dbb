/** The shape of `include`: what it is cut into, and what is no include. */

import { describe, expect, it } from "vitest";
import { Fault } from "../../../src/core/fault.ts";
import { parseInclude } from "../../../src/core/query/include.ts";

const cut = (text: string) =>
  parseInclude(text).map(({ relations, options }) => [relations.join("."), Object.fromEntries(options)]);

describe("parseInclude", () => {
  const shapes: readonly (readonly [string, unknown])[] = [
    ["labels", [["labels", {}]]],
    [
      "labels,people.tasks",
      [
        ["labels", {}],
        ["people.tasks", {}],
      ],
    ],
    [
      "labels(limit:5;orderBy:-name,id;select:id,name),people",
      [
        ["labels", { limit: "5", orderBy: "-name,id", select: "id,name" }],
        ["people", {}],
      ],
    ],
    [
      'labels(filter:(name=="a;b,c)",color=in=["x","y"]);limit:1)',
      [["labels", { filter: '(name=="a;b,c)",color=in=["x","y"])', limit: "1" }]],
    ],
    ['labels(filter:name=="\\"),x")', [["labels", { filter: 'name=="\\"),x"' }]]],
  ];
  for (const [text, parts] of shapes)
    it(`[QL50] ${text} is cut where nothing is open`, () => {
      expect(cut(text)).toEqual(parts);
    });

  const refused: readonly (readonly [string, RegExp])[] = [
    ["", /must be relations/],
    ["a,,b", /must be relations/],
    ["a.", /must be relations/],
    ["a()", /takes limit, offset/],
    ["a(limit)", /takes limit, offset/],
    ["a(limit:1;limit:2)", /limit twice/],
    ["a(limit:1)b", /must be relations/],
    ["a(filter:b==(1)", /does not close/],
    ["a)", /does not close/],
    ['a(filter:b=="x)', /does not close/],
    ["a,a(limit:1)", /names a twice/],
    ["a.b.c.d", /4 relations deep, the limit is 3/],
    ["a,b,c,d,e,f,g,h,i,j,k", /11 relations, the limit is 10/],
  ];
  for (const [text, says] of refused)
    it(`[QL50] ${JSON.stringify(text)} is refused in the field include`, () => {
      try {
        parseInclude(text);
        expect.unreachable();
      } catch (error) {
        if (!(error instanceof Fault) || error.data.slug !== "validation-error") throw error;
        expect(error.data.errors).toEqual([{ field: "include", message: expect.stringMatching(says) }]);
      }
    });
});
