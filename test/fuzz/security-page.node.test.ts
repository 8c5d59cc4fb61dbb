/** Holds docs/security.md to the tests: a rule that a row names beside a test file is tested in that file, and no status is made up. */

import { describe, expect, it } from "vitest";
import { readFiles } from "../house/project-files.ts";

/** Documents, structure, the build: what no test of ours can hold. */
const FOR_READERS = ["1.1.4, 1.1.5", "1.11.1", "1.14.4", "1.14.6", "14.1.1, 14.1.4", "14.2.3", "14.2.4"];
const STATUSES = ["met", "platform", "yours", "n/a", "not yet"];
const page = readFiles(["docs"], [".md"]).find(({ path }) => path === "docs/security.md")?.text ?? "";
const tests = new Map(readFiles(["test"]).map(({ path, text }) => [path, text]));
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| id ") && !line.startsWith("| ---"));

describe("docs/security.md", () => {
  it("names only tests that hold the rule it names", () => {
    const wrong = rows.flatMap((row) => {
      const rules = [...row.matchAll(/\[[A-Z]{1,3}[0-9]{1,2}\]/g)].map(([rule]) => rule);
      const files = [...row.matchAll(/`(test\/[\w./-]+\.ts)`/g)].map(([, path = ""]) => path);
      const isHeld = (rule: string) => files.some((path) => tests.get(path)?.includes(rule));
      return rules.filter((rule) => !isHeld(rule)).map((rule) => `${rule} in: ${row.slice(0, 80)}`);
    });
    expect(wrong).toEqual([]);
  });

  it("gives every requirement one of the five statuses, and every one that is met its evidence", () => {
    const requirements = rows.filter((row) => /^\| \d+\.\d/.test(row)).map((row) => row.split(" | "));
    expect(requirements.length).toBeGreaterThan(100);
    expect(requirements.filter(([, , status = ""]) => !STATUSES.includes(status.trim())).map(([id]) => id)).toEqual([]);
    const bare = requirements.filter(
      ([, , status, evidence = ""]) => status === "met" && evidence.replace(/[|\s]/g, "") === "",
    );
    expect(bare.map(([id]) => id)).toEqual([]);
  });

  it("names for every requirement that is met a test that holds it, or is on the list of those that only a reader can judge", () => {
    const unheld = rows
      .filter((row) => /^\| \d+\.\d/.test(row) && row.includes(" | met | "))
      .filter((row) => !row.includes("`test/") && !/ as \d+\.\d+\.\d+ \|$/.test(row))
      .map((row) => row.split(" | ")[0]?.slice(2));
    expect(unheld).toEqual(FOR_READERS);
  });

  it("names no file that is not there", () => {
    const files = new Set(
      readFiles(["src", "durable-objects", "test", "docs"], [".ts", ".md"]).map(({ path }) => path),
    );
    const named = [...page.matchAll(/`((?:src|durable-objects|test|docs)\/[\w./-]+\.(?:ts|md))`/g)].map(
      ([, path = ""]) => path,
    );
    expect(named.length).toBeGreaterThan(100);
    expect(named.filter((path) => !files.has(path))).toEqual([]);
  });
});
