/** `ledge import`: the rows of a file into a table, through the public API of a running Ledge. */

import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { importRows } from "./import/import-rows.ts";
import { type ImportStore, openImport } from "./import/import-state.ts";
import { type ColumnMapping, mapColumns } from "./import/map-columns.ts";
import { startProgress } from "./import/progress.ts";
import { readRecords, sourceForm } from "./import/read-records.ts";
import { fetchTable, type ImportTable } from "./import/table-description.ts";
import { CliError } from "./project.ts";
import { dim, print, printDone, printError } from "./terminal.ts";

export const importHelp = `ledge import <file.json|jsonl|csv> --table <name> [options]

  --url <address>             default http://127.0.0.1:8787
  --token <token>             who imports; default on this machine: dev:import,role=admin
  --partition <name>          of a table with partitionBy
  --map "US Gross=usGross"    field = column, where the names differ by more than case and spaces. Repeatable
  --id-from <field>           a field that names a row; default: its place in the file
                              Repeating an import is safe: rows that are there already are passed over.`;

const INTERRUPTED = 130;

/** Returns the exit code: 0, 1 when rows were refused, 130 when interrupted. */
export async function importCommand(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      table: { type: "string" },
      url: { type: "string", default: "http://127.0.0.1:8787" },
      token: { type: "string" },
      partition: { type: "string" },
      map: { type: "string", multiple: true, default: [] },
      "id-from": { type: "string" },
    },
  });
  const [file, ...rest] = positionals;
  if (file === undefined || rest.length > 0 || values.table === undefined)
    throw new CliError(`Say what goes where.\n\n${importHelp}`);
  if (!existsSync(file)) throw new CliError(`There is no file ${file}`);

  const headers = credentials(values.url, values.token);
  const table = await fetchTable(values.url, headers, values.table);
  const address = tableAddress(values.url, table, values.partition);
  const survey = await surveyFile(file);
  const mapping = readMapping(survey.fields, table, values.map);
  if (values["id-from"] !== undefined && !survey.fields.includes(values["id-from"])) {
    throw new CliError(
      `--id-from: the file has no field "${values["id-from"]}". Fields are: ${survey.fields.join(", ")}`,
    );
  }
  const store = openImport(
    join(process.cwd(), ".ledge"),
    survey.hash([address.href, ...values.map, values["id-from"] ?? ""]),
  );
  if (mapping.ignored.length > 0)
    print(`no column for: ${mapping.ignored.join(", ")} ${dim(`(--map "${mapping.ignored[0]}=column")`)}`);
  if (store.state.place > 0) print(`going on after row ${store.state.place.toLocaleString("en")}`);

  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupt.abort());
  const progress = startProgress(Date.now);
  try {
    const seed = values["id-from"] === undefined ? survey.hash([table.name]) : `${table.name}.${values["id-from"]}`;
    const plan = { table, mapping, form: sourceForm(file), address, headers, seed, idFrom: values["id-from"] ?? null };
    await importRows(plan, readRecords(file), store, interrupt.signal, (done) => progress.show(done, survey.rows));
  } finally {
    progress.end();
  }
  if (interrupt.signal.aborted) {
    print(`stopped after row ${store.state.place.toLocaleString("en")}; the same command goes on from there`);
    return INTERRUPTED;
  }
  store.finish();
  printSummary(`${basename(file)} → ${table.name}`, survey.rows, store);
  return store.state.counts.refused === 0 ? 0 : 1;
}

interface Survey {
  readonly rows: number;
  /** In order of first appearance. */
  readonly fields: readonly string[];
  /** 16 hex digits over the file's bytes and these texts. */
  readonly hash: (texts: readonly string[]) => string;
}

/** One pass over the file before anything is sent: how much there is, which fields, and what it is. */
async function surveyFile(file: string): Promise<Survey> {
  const content = createHash("sha256");
  for await (const chunk of createReadStream(file)) content.update(chunk as Buffer);
  const digest = content.digest("hex");
  const fields = new Set<string>();
  let rows = 0;
  for await (const record of readRecords(file)) {
    rows = record.place;
    for (const field of Object.keys(record.fields)) fields.add(field);
  }
  const hash = (texts: readonly string[]) =>
    createHash("sha256")
      .update([digest, ...texts].join("\n"))
      .digest("hex")
      .slice(0, 16);
  return { rows, fields: [...fields], hash };
}

function readMapping(fields: readonly string[], table: ImportTable, pairs: readonly string[]): ColumnMapping {
  const declared = pairs.map((pair): [string, string] => {
    const equals = pair.lastIndexOf("=");
    if (equals < 1) throw new CliError(`Cannot read --map ${pair}: write "field=column"`);
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  let mapping: ColumnMapping;
  try {
    mapping = mapColumns(fields, table, new Map(declared));
  } catch (error) {
    throw new CliError((error as Error).message);
  }
  if (fields.length > 0 && mapping.columns.size === 0) {
    throw new CliError(
      `No field of the file has a column in "${table.name}": every row would be empty. Fields are: ${fields.join(", ")}. ` +
        `Columns are: ${table.columns.map(({ name }) => name).join(", ")}. Say which is which: --map "field=column"`,
    );
  }
  if (mapping.missing.length > 0) {
    throw new CliError(
      `The file has nothing for what "${table.name}" needs: ${mapping.missing.join(", ")}. Fields are: ${fields.join(", ")}`,
    );
  }
  return mapping;
}

function credentials(url: string, token: string | undefined): Record<string, string> {
  const isHere = ["127.0.0.1", "localhost", "[::1]"].includes(new URL(url).hostname);
  const shown = token ?? (isHere ? "dev:import,role=admin" : undefined);
  return shown === undefined ? {} : { authorization: `Bearer ${shown}` };
}

function tableAddress(url: string, table: ImportTable, partition: string | undefined): URL {
  if ((table.partitionBy === null) !== (partition === undefined)) {
    throw new CliError(
      table.partitionBy === null
        ? `"${table.name}" is not partitioned: leave out --partition`
        : `"${table.name}" is partitioned by ${table.partitionBy}: add --partition`,
    );
  }
  return new URL(partition === undefined ? `/api/${table.name}` : `/api/@${partition}/${table.name}`, url);
}

function printSummary(title: string, rows: number, { state: { counts }, refusedFile }: ImportStore): void {
  const line = (name: string, count: number, note = "") =>
    print(`  ${name.padEnd(14)}${count.toLocaleString("en").padStart(9)}${note}`);
  print(`${title}: ${rows.toLocaleString("en")} rows`);
  line("created", counts.created);
  line("already there", counts.alreadyThere);
  const converted = Object.entries(counts.converted);
  if (converted.length > 0) {
    const total = converted.reduce((sum, [, count]) => sum + count, 0);
    line("converted", total, `  values: ${converted.map(([name, count]) => `${name} ${count}`).join(", ")}`);
  }
  if (counts.refused === 0) {
    printDone("every row is there");
    return;
  }
  line("refused", counts.refused);
  for (const [reason, { count, places }] of Object.entries(counts.reasons)) {
    print(
      `    ${reason}: ${count.toLocaleString("en")} (row ${places.join(", ")}${count > places.length ? ", …" : ""})`,
    );
  }
  printError(`refused rows, with their reasons: ${relative(process.cwd(), refusedFile)}`);
}
