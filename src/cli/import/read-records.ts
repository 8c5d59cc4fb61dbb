/**
 * Reads the rows of a file: a JSON array of objects, one JSON object a line, or CSV with a header line. CSV and lines are
 * streamed; a JSON array is read whole, as JSON.parse needs it.
 */

import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import { parse } from "csv-parse";
import { isJsonObject, type Json } from "../../core/json.ts";
import { CliError } from "../project.ts";

export interface SourceRecord {
  /** 1-based place in the file. */
  readonly place: number;
  readonly fields: Readonly<Record<string, Json>>;
}

/** `text`: every value is text (CSV), so that turning it into a number is no conversion worth telling. */
export type SourceForm = "text" | "typed";

export function sourceForm(file: string): SourceForm {
  return extname(file).toLowerCase() === ".csv" ? "text" : "typed";
}

export async function* readRecords(file: string): AsyncGenerator<SourceRecord> {
  let place = 0;
  for await (const value of readValues(file)) {
    place += 1;
    if (!isJsonObject(value)) throw new CliError(`${file}: row ${place} is not an object`);
    yield { place, fields: value };
  }
}

async function* readValues(file: string): AsyncGenerator<Json> {
  switch (extname(file).toLowerCase()) {
    case ".csv":
      yield* createReadStream(file).pipe(
        parse({ columns: true, bom: true, skip_empty_lines: true }),
      ) as AsyncIterable<Json>;
      return;
    case ".jsonl":
    case ".ndjson":
      for await (const line of createInterface({ input: createReadStream(file) })) {
        if (line.trim() !== "") yield parseJson(line, file);
      }
      return;
    case ".json": {
      const rows = parseJson(await readFile(file, "utf8"), file);
      if (!Array.isArray(rows)) throw new CliError(`${file} does not hold a list of rows`);
      yield* rows as readonly Json[];
      return;
    }
    default:
      throw new CliError(`Cannot read ${file}: name it .json, .jsonl or .csv`);
  }
}

function parseJson(text: string, file: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new CliError(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
