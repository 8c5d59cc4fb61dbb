/** `ledge read-model`: what operators do with the copies in D1, object by object, over the running application (`POST /_/read-model`). */

import { parseArgs } from "node:util";
import { CliError } from "./project.ts";
import { dim, print, printDone, printError } from "./terminal.ts";

export const readModelHelp = `ledge read-model <act> [options]   walks all objects and the copies of their rows in D1

  follow             brings every copy on, and notes objects that are not copied in the register
  rebuild            makes copies anew, beside those that are read from
  compare            compares rows with copies; exit code 1 when any differ, or none was there to be compared
  drop               removes copies of objects that the register lacks
  --table <name>     only objects that hold this table. Repeatable
  --url <url>        default http://127.0.0.1:8787
  --token <token>    of an administrator; outside development it is needed`;

const ACTS = ["follow", "rebuild", "compare", "drop"];

export interface Line {
  readonly object: string;
  readonly outcome?: string;
  readonly kind?: string;
  readonly looked?: number;
  readonly reason?: string;
  readonly differing?: readonly string[];
}

/** Returns the exit code. */
export async function readModelCommand(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      table: { type: "string", multiple: true },
      url: { type: "string", default: "http://127.0.0.1:8787" },
      token: { type: "string" },
    },
  });
  const [act = ""] = positionals;
  if (!ACTS.includes(act)) throw new CliError(`Cannot do "${act}": say one of ${ACTS.join(", ")}.`);
  const headers = {
    "content-type": "application/json",
    authorization: `Bearer ${values.token ?? "dev:operator,role=admin"}`,
  };
  const lines: Line[] = [];
  for (let next: object | null = {}; next !== null; ) {
    const body = JSON.stringify({ act, tables: values.table ?? null, ...next });
    const reply: Response | null = await fetch(new URL("/_/read-model", values.url), {
      method: "POST",
      headers,
      body,
    }).catch(() => null);
    if (reply === null)
      throw new CliError(`Cannot reach ${values.url}. Is Ledge running there? Another address: --url`);
    if (!reply.ok) throw new CliError(refusalText(values.url, reply.status, await reply.text()));
    const step = (await reply.json()) as { readonly objects: readonly Line[]; readonly next: object | null };
    for (const line of step.objects) show(line);
    lines.push(...step.objects);
    next = step.next;
  }
  const trouble = troubleOf(act, lines);
  if (trouble !== null) printError(trouble);
  else printDone(`${act}: done`);
  return trouble === null ? 0 : 1;
}

/** Why a walk that has come to its end is no success; null: it is one. */
export function troubleOf(act: string, lines: readonly Line[]): string | null {
  if (lines.some(isBad)) return "not everything is as it should be";
  const isEmpty = act === "compare" ? lines.every(({ kind }) => kind === undefined) : lines.length === 0;
  if (act === "drop" || !isEmpty) return null;
  return `${act}: nothing was there to ${act}. No object that holds a copied table is registered yet`;
}

/** What the server's refusal means to the person at the keyboard. */
export function refusalText(url: string, status: number, body: string): string {
  if (status === 401 || status === 403)
    return `${url} lets only administrators do this (${status}). Give an administrator's token: --token <token>`;
  if (status === 404) return `${url} has no read model (404). Is readModel() among the features of src/app.ts?`;
  const said = /"(?:message|detail)":"((?:[^"\\]|\\.)*)"/.exec(body)?.[1] ?? body.slice(0, 300);
  return `${url} answered ${status}: ${said}`;
}

function show(line: Line): void {
  const { object, outcome, kind, looked, reason, differing = [] } = line;
  const told = kind === undefined ? (outcome ?? "") : `${kind}, ${looked ?? 0} rows`;
  const shown = kind === "unregistered" ? "only in D1: the register has no such object. `drop` removes its copy" : told;
  print(`${object}  ${isBad(line) ? shown : dim(shown)}${reason === undefined ? "" : `  ${reason}`}`);
  for (const row of differing) print(`  differs: ${row}`);
}

function isBad({ outcome = "", kind = "" }: Line): boolean {
  return ["failed", "unready"].includes(outcome) || ["different", "busy", "unregistered"].includes(kind);
}
