/** What the feature costs whoever does not use it, and that it can be taken out. */

import { expect, test } from "vitest";
import { findImports } from "../../house/find-imports.ts";
import { readFiles } from "../../house/project-files.ts";

test("[PF13] nothing but src/app.ts and YOUR tables may know of the feature files", () => {
  const knowing = readFiles(["src", "durable-objects", "migrations"])
    .filter(({ path }) => !path.startsWith("src/features/files/"))
    .filter(({ path, text }) =>
      findImports(path, text).some(({ specifier }) => /features\/files|^ledge\/files/.test(specifier ?? "")),
    )
    .map(({ path }) => path);
  expect(knowing.filter((path) => path !== "src/app.ts" && !path.startsWith("src/tables/"))).toEqual([]);
});
