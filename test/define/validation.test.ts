/** Validation helpers and field filters for routes written by hand. */

import { readFileSync } from "node:fs";
import { build } from "esbuild";
import { describe, expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import { filterInput, filterOutput } from "../../src/define/filter-fields.ts";
import { ValidationError } from "../../src/define/http-error.ts";
import { commonSchemas, createValidator, safeValidate, validate } from "../../src/define/validation.ts";

const schema = z.object({ name: z.string().min(2), age: z.coerce.number().int() });

describe("validation", () => {
  test("[VA2] validate gives the parsed data, or throws a ValidationError with every error", () => {
    const data = validate(schema, { name: "Ada", age: "36" });
    expectTypeOf(data).toEqualTypeOf<{ name: string; age: number }>();
    expect(data).toEqual({ name: "Ada", age: 36 });
    const failing = () => validate(schema, { name: "A", age: "x" });
    expect(failing).toThrow(ValidationError);
    try {
      failing();
    } catch (error) {
      const { status, data: fault } = error as ValidationError;
      expect(status).toBe(400);
      expect(fault).toMatchObject({ errors: [{ field: "name" }, { field: "age" }] });
    }
  });

  test("[VA3] safeValidate tells success from failure, with errors by field", () => {
    expect(safeValidate(schema, { name: "Ada", age: 1 })).toEqual({ success: true, data: { name: "Ada", age: 1 } });
    const failed = safeValidate(schema, { name: 1, age: 1 });
    expect(failed.success ? [] : Object.keys(failed.error.fieldErrors)).toEqual(["name"]);
  });

  test("[VA4] createValidator binds a schema", () => {
    const bound = createValidator(schema);
    expect(bound.safeValidate({}).success).toBe(false);
    expect(() => bound.validate({})).toThrow(ValidationError);
  });

  test.each([
    ["email", commonSchemas.email(), "a@example.com", "a@"],
    ["password", commonSchemas.password(), "longenough", "short"],
    ["uuid", commonSchemas.uuid(), "01890000-0000-7000-8000-000000000001", "1"],
    ["url", commonSchemas.url(), "https://example.com", "example"],
    ["phone", commonSchemas.phone(), "+4930123456", "030"],
    ["nonEmptyString", commonSchemas.nonEmptyString(), "x", "  "],
    ["positiveNumber", commonSchemas.positiveNumber(), 1, 0],
    ["pagination", commonSchemas.pagination(), { limit: "1000" }, { limit: "1001" }],
    ["filter", commonSchemas.filter(), "a==1", "x".repeat(4097)],
  ] as const)("[VA5] %s", (_name, common, good, bad) => {
    expect(safeValidate(common, good).success).toBe(true);
    expect(safeValidate(common, bad).success).toBe(false);
  });

  test("[VA5] a bundle that uses none of them carries no Zod", async () => {
    const entry = new URL("../../src/ledge.ts", import.meta.url).pathname;
    const bundle = async (code: string) => {
      const result = await build({
        stdin: { contents: code, resolveDir: "/" },
        bundle: true,
        format: "esm",
        write: false,
        metafile: true,
        external: ["cloudflare:*"],
      });
      return Object.keys(Object.values(result.metafile.outputs)[0]?.inputs ?? {}).filter((path) =>
        path.includes("zod"),
      );
    };
    expect(readFileSync(entry, "utf8")).toContain("validation.ts");
    const without = await bundle(`import { defineApp } from ${JSON.stringify(entry)}; export default defineApp();`);
    expect(without).toEqual([]);
    const using = await bundle(
      `import { commonSchemas } from ${JSON.stringify(entry)}; export default commonSchemas.email();`,
    );
    expect(using.length).toBeGreaterThan(0);
  });
});

describe("fields", () => {
  test("[F4] input and output keep the named members, own ones only", () => {
    const body = JSON.parse('{"title":"x","admin":true,"__proto__":{"b":1}}') as Record<string, unknown>;
    expect(filterInput(body, ["title", "missing", "toString"])).toEqual({ title: "x" });
    expect(filterOutput({ id: 1, hash: "s" }, ["id"])).toEqual({ id: 1 });
  });
});
