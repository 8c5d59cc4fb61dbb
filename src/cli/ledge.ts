#!/usr/bin/env node
/**
 * The command line `ledge`: one command a file, each returning its exit code. Runs as TypeScript on Node 22.18 or later,
 * which package.json brings along for Linux.
 */

import "./end-surely.ts";
import { enableCompileCache } from "node:module";
import { bundleCommand, bundleHelp } from "./bundle-command.ts";
import { deployCommand, deployHelp } from "./deploy-command.ts";
import { devCommand, devHelp } from "./dev-command.ts";
import { generateCommand, generateHelp } from "./generate-command.ts";
import { importCommand, importHelp } from "./import-command.ts";
import { CliError } from "./project.ts";
import { readModelCommand, readModelHelp } from "./read-model-command.ts";
import { sizeCommand, sizeHelp } from "./size-command.ts";
import { print, printError } from "./terminal.ts";
import { typesCommand, typesHelp } from "./types-command.ts";

enableCompileCache();

interface Command {
  readonly help: string;
  readonly run: (args: readonly string[]) => Promise<number>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  bundle: { help: bundleHelp, run: bundleCommand },
  deploy: { help: deployHelp, run: deployCommand },
  dev: { help: devHelp, run: devCommand },
  generate: { help: generateHelp, run: generateCommand },
  import: { help: importHelp, run: importCommand },
  "read-model": { help: readModelHelp, run: readModelCommand },
  size: { help: sizeHelp, run: sizeCommand },
  types: { help: typesHelp, run: typesCommand },
};

async function main([name, ...args]: readonly string[]): Promise<number> {
  const command = name === undefined ? undefined : COMMANDS[name];
  if (command === undefined || args.includes("--help")) {
    print((command === undefined ? Object.values(COMMANDS) : [command]).map(({ help }) => help).join("\n\n"));
    return command === undefined && name !== undefined && name !== "help" && name !== "--help" ? 2 : 0;
  }
  try {
    return await command.run(args);
  } catch (error) {
    const isUsage = error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
    if (error instanceof CliError || isUsage) printError((error as Error).message);
    else throw error;
    return isUsage ? 2 : 1;
  }
}

// Not by exitCode: a question that nobody will answer must not keep the process.
process.exit(await main(process.argv.slice(2)));
