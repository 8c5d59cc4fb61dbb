import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { type DescribedTable, typesText } from "../../src/cli/types/types-text.ts";
import { ROOT } from "../house/project-files.ts";

const column = (name: string, kind: DescribedTable["columns"][number]["kind"], more: object = {}) => ({
  name,
  kind,
  notNull: true,
  readable: true,
  ...more,
});

const TABLES: readonly DescribedTable[] = [
  {
    path: "task-labels",
    partitionBy: "roomId",
    columns: [column("id", "text"), column("roomId", "text"), column("first-name", "text", { notNull: false })],
    computed: [],
  },
  {
    path: "tasks",
    partitionBy: null,
    columns: [
      column("id", "text"),
      column("status", "text", { enumValues: ["todo", 'do"ne'] }),
      column("points", "real", { notNull: false }),
      column("big", "bigint"),
      column("done", "bool"),
      column("dueAt", "time", { notNull: false }),
      column("tags", "json"),
      column("secret", "text", { readable: false }),
    ],
    computed: ["isLate"],
  },
];

test("[SDK3] rows have the JSON form of each column, nothing hidden, and the same tables give the same text", () => {
  const text = typesText(TABLES, "http://127.0.0.1:8787");
  expect(typesText([...TABLES].reverse(), "http://127.0.0.1:8787")).toBe(text);
  expect(text).toContain('readonly status: "todo" | "do\\"ne";');
  expect(text).toContain("readonly points: number | null;");
  expect(text).toContain("readonly dueAt: ISODateString | null;");
  expect(text).toContain('"task-labels": TaskLabelsRow;');
  expect(text).not.toContain("secret");
});

test("[SDK3] what is written compiles, and types a client by it", () => {
  const folder = mkdtempSync(join(ROOT, "test/.generated-types-"));
  try {
    writeFileSync(join(folder, "ledge-types.ts"), typesText(TABLES, "x"));
    const use = join(folder, "use.ts");
    writeFileSync(
      use,
      `import { createTypedClient } from "ledge/client";
import type { Tables } from "./ledge-types.ts";
const client = createTypedClient<Tables>({ url: "" });
export const points: Promise<number | null> = client.tasks.get("1").then((task) => task.points);
export const first = client["task-labels"].in("lobby").first();
// @ts-expect-error an unknown column
export const wrong = client.tasks.list({ select: ["titel"] });
// @ts-expect-error an unknown table
client.nothing;
`,
    );
    const { config } = ts.readConfigFile(join(ROOT, "src/client/tsconfig.json"), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, join(ROOT, "src/client"));
    const problems = ts.getPreEmitDiagnostics(ts.createProgram([use], options));
    expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
