import { expect, test } from "vitest";
import { type ContentDescription, contentHeaders } from "../../../src/core/files/content-headers.ts";

const headersOf = (type: string, use: "download" | "show" = "download", reach: ContentDescription["reach"] = "site") =>
  contentHeaders({ name: "n", type, tag: "t", storedAt: "", use, reach });

test("[HT67] what a page could take in as a script or a style is sent as text; everything else keeps its type", () => {
  const code = ["javascript", "ecmascript", "x-javascript", "x-ecmascript"];
  const types = [
    ...code.flatMap((name) => [`text/${name}`, `application/${name}`]),
    ...["text/javascript1.5", "text/jscript", "text/livescript", "text/css"],
  ];
  for (const type of types) expect(headersOf(type)["content-type"], type).toBe("text/plain; charset=utf-8");
  for (const type of ["application/json", "image/png", "application/wasm", "application/pdf"])
    expect(headersOf(type)["content-type"]).toBe(type);
  expect(headersOf("text/html")["content-type"]).toBe("text/html; charset=utf-8");
});

test("[HT67] only what cannot run is shown in place, under a policy that allows nothing", () => {
  const shown = (type: string) => headersOf(type, "show")["content-disposition"]?.startsWith("inline");
  expect(["image/png", "video/mp4", "text/plain", "text/css"].map(shown)).toEqual([true, true, true, true]);
  expect(["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/pdf"].map(shown)).toEqual(
    Array(5).fill(false),
  );
  expect(headersOf("text/html")["content-security-policy"]).toContain("sandbox");
});

test("[FS12] what anybody may read is shown by pages of other sites too, everything else by our own alone", () => {
  const policy = "cross-origin-resource-policy";
  expect([headersOf("image/png")[policy], headersOf("image/png", "show", "anywhere")[policy]]).toEqual([
    "same-site",
    "cross-origin",
  ]);
});
