/** The command line of `npm run bench`: which contenders and operations, how long, how often. Unknown names are refused. */

import { parseArgs } from "node:util";
import { CONTENDERS, type ContenderName } from "./contenders.ts";
import { OPERATIONS, type OperationName } from "./operations.ts";

export interface BenchOptions {
  readonly contenders: readonly ContenderName[];
  readonly operations: readonly OperationName[];
  readonly connections: readonly number[];
  readonly rounds: number;
  /** Of one measurement. */
  readonly seconds: number;
  readonly rows: number;
  /** Starts of the Worker that are timed, of each contender; 0: none. */
  readonly starts: number;
  /** Whether the result goes into docs/benchmarks.md. */
  readonly isWritten: boolean;
}

export const USAGE = `npm run bench -- [options]
  --contenders ${CONTENDERS.join(",")}
  --operations ${OPERATIONS.map(({ name }) => name).join(",")}
  --connections 1,50
  --rounds 5          rounds of each measurement, in turns
  --seconds 2         of one measurement
  --rows 1000         rows in the table
  --starts 7          starts of the Worker that are timed, 0 for none
  --write             puts the result into docs/benchmarks.md`;

export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      contenders: { type: "string", default: CONTENDERS.join(",") },
      operations: { type: "string", default: OPERATIONS.map(({ name }) => name).join(",") },
      connections: { type: "string", default: "1,50" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "2" },
      rows: { type: "string", default: "1000" },
      starts: { type: "string", default: "7" },
      write: { type: "boolean", default: false },
    },
  });
  return {
    contenders: named("contenders", values.contenders, CONTENDERS),
    operations: named(
      "operations",
      values.operations,
      OPERATIONS.map(({ name }) => name),
    ),
    connections: values.connections.split(",").map((text) => count("connections", text, 1)),
    rounds: count("rounds", values.rounds, 1),
    seconds: count("seconds", values.seconds, 1),
    rows: count("rows", values.rows, 100),
    starts: count("starts", values.starts, 0),
    isWritten: values.write,
  };
}

function named<Name extends string>(option: string, text: string, known: readonly Name[]): readonly Name[] {
  return text.split(",").map((name) => {
    const found = known.find((each) => each === name);
    if (found === undefined) throw new Error(`--${option}: "${name}" is none of ${known.join(", ")}\n\n${USAGE}`);
    return found;
  });
}

function count(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new Error(`--${option}: "${text}" is no whole number from ${least} on\n\n${USAGE}`);
  return value;
}
