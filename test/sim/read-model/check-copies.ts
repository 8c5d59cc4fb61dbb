/**
 * What must be true of the copies after every step, looked up in D1 itself: each that is read from holds exactly what its object held at its
 * cursor, in the columns of its form; no cursor goes back in one ledger; and nothing that was committed up to `asOf` is missing.
 */

import type { ObjectName } from "../../../src/core/ids.ts";
import { groupOf } from "../../../src/features/read-model/projection.ts";
import { VERSIONS, type World } from "./world.ts";

/** Where a promise is. */
export class Broken extends Error {}

export interface CheckedState {
  /** The last cursor by object and epoch, the last copy by object. */
  readonly seen: Map<string, number>;
  readonly count: (event: string) => void;
}

interface Served {
  readonly id: number;
  readonly object: ObjectName;
  readonly epoch: string;
  readonly migration: string | null;
  readonly form: string;
  readonly seq: number;
  readonly as_of: number;
}

export function checkCopies(world: World, { seen, count }: CheckedState): void {
  const copies = world.d1.sqlite
    .prepare("SELECT * FROM rm_copies WHERE status = 'serving'")
    .all() as unknown as Served[];
  for (const copy of copies) {
    const { id, object, epoch, migration, form, seq } = copy;
    const truth = world.history.get(`${epoch}:${migration}:${seq}`);
    if (truth === undefined) throw new Broken(`${object} is served at ${epoch}:${migration}:${seq}, which never was`);
    const held = rowsOfCopy(world, id);
    // D1's tables were changed under it: it is read from, with no age, until another one is whole.
    if (form !== "" && held !== inForm(truth, form))
      throw new Broken(`at ${epoch}:${seq} ${object} held\n${inForm(truth, form)}\nand its copy\n${held}`);
    const before = seen.get(`${object} ${epoch}`) ?? 0;
    if (seq < before) throw new Broken(`${object} was served at ${before} and then at ${seq}`);
    seen.set(`${object} ${epoch}`, seq);
    const last = seen.get(`copy of ${object}`);
    if (last !== undefined && last !== id) count("switch");
    seen.set(`copy of ${object}`, id);
    checkAge(world, copy);
  }
}

/** The newest commit up to `asOf` has to be in the rows. */
function checkAge(world: World, { object, epoch, seq, as_of: asOf }: Served): void {
  const newest = world.commits.get(object)?.findLast(({ atMs }) => atMs <= asOf);
  if (newest !== undefined && (newest.epoch !== epoch || newest.seq > seq))
    throw new Broken(
      `${object} is served at ${epoch}:${seq} as of a time when it was at ${newest.epoch}:${newest.seq}`,
    );
}

/** Rows as a copy of this form holds them. */
export function inForm(rows: string, form: string): string {
  const version = VERSIONS.find((each) => groupOf(each, "t/sim/desk/a" as ObjectName)?.form === form);
  if (version === undefined) throw new Broken(`no version of the code makes copies of the form ${form}`);
  if (version === VERSIONS[0]) return rows;
  const [cards, marks] = JSON.parse(rows) as [{ readonly id: string; readonly text: string }[], unknown[]];
  return JSON.stringify([cards.map(({ id, text }) => ({ id, text, size: null })), marks]);
}

/** Once quiet: one copy an object, which serves and equals it; no row that belongs to none. */
export function checkRest(world: World, object: ObjectName, truth: string): void {
  const rest = world.d1.sqlite.prepare("SELECT id, status, form FROM rm_copies WHERE object = ?").all(object);
  const [copy] = rest as unknown as { readonly id: number; readonly status: string; readonly form: string }[];
  if (rest.length !== 1 || copy?.status !== "serving") throw new Broken(`copies left: ${JSON.stringify(rest)}`);
  const held = rowsOfCopy(world, copy.id);
  if (held !== inForm(truth, copy.form)) throw new Broken(`once quiet, D1 holds\n${held}\nand ${object}\n${truth}`);
  for (const table of ["rm_cards", "rm_marks"]) {
    const strays = world.d1.sqlite
      .prepare(`SELECT count(*) AS n FROM ${table} WHERE _copy NOT IN (SELECT id FROM rm_copies)`)
      .get() as { readonly n: number };
    if (strays.n > 0) throw new Broken(`${strays.n} rows of ${table} belong to no copy`);
  }
}

function rowsOfCopy({ d1 }: World, copy: number): string {
  const read = (table: string, columns: string) =>
    d1.sqlite.prepare(`SELECT ${columns} FROM ${table} WHERE _copy = ? ORDER BY id`).all(copy);
  return JSON.stringify([read("rm_cards", "id, text, size"), read("rm_marks", "id, card_id")]);
}
