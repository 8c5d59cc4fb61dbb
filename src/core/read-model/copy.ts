/**
 * A copy of one object's rows in D1, and the steps that bring it on. An object has at most one that is *serving* (read from), at most one
 * that is *building* beside it, and any number that are *dropping* (their rows are removed bit by bit). `step` counts every change of
 * the copy: each batch states the step it starts from and fails as a whole when that has moved. Pure; statements.ts turns steps into SQL.
 */

import type { ObjectName } from "../ids.ts";
import {
  isComplete,
  type ObjectFacts,
  type PageLimits,
  type Place,
  type PulledPage,
  type PullReply,
  type PullRequest,
} from "./pull.ts";

export interface Copy {
  readonly id: number;
  readonly object: ObjectName;
  readonly status: "serving" | "building" | "dropping";
  readonly epoch: string;
  readonly migration: string | null;
  /** Which tables and columns it holds (`projectionForm`). */
  readonly form: string;
  /** Commits up to here are in its rows, and no later one. */
  readonly seq: number;
  /** Null when all rows are taken over. */
  readonly place: Place | null;
  readonly step: number;
}

export type Step =
  /** A new copy, of which nothing is there yet, beside whatever serves. */
  | {
      readonly kind: "begin";
      readonly object: ObjectName;
      readonly facts: ObjectFacts;
      readonly form: string;
      readonly place: Place | null;
    }
  /** Rows and cursor. `switches`: the copy is whole and takes the place of the one that served. */
  | { readonly kind: "advance"; readonly copy: Copy; readonly page: PulledPage; readonly switches: boolean }
  /** Nothing new: the object was asked, and said so. */
  | { readonly kind: "confirm"; readonly copy: Copy; readonly page: PulledPage }
  /** A copy that cannot be finished. */
  | { readonly kind: "discard"; readonly copy: Copy }
  /** A copy that cannot be brought on, while another is being built. */
  | { readonly kind: "leave" };

/** What a copy is to be: its form, and the columns by table in the order of back-filling. */
export interface Wanted {
  readonly form: string;
  readonly columns: PullRequest["tables"];
  readonly limits: PageLimits;
}

/** One question to the object, and the copy that it is for; null: there is none yet. */
export interface Ask {
  readonly copy: Copy | null;
  readonly request: PullRequest;
}

/** What to ask the object now: for each copy that is followed its next page, for the one being built first. */
export function nextAsks(copies: readonly Copy[], wanted: Wanted): readonly Ask[] {
  const followed = copiesToFollow(copies, wanted.form);
  const asks = followed.map((copy): Ask => ({ copy, request: requestFor(copy, wanted) }));
  return asks.length > 0
    ? asks
    : [{ copy: null, request: { v: 1, limits: wanted.limits, tables: wanted.columns, from: null } }];
}

/** What becomes of a copy by the object's answer; null: nothing can be done now. */
export function nextStep(
  object: ObjectName,
  copies: readonly Copy[],
  { copy }: Ask,
  reply: PullReply,
  wanted: Wanted,
): Step | null {
  if (copy?.status === "building" && (copy.form !== wanted.form || reply.kind === "elsewhere"))
    return { kind: "discard", copy };
  switch (reply.kind) {
    case "unready":
      return null;
    case "facts":
    case "elsewhere":
      return beginStep(object, copies, reply.facts, wanted) ?? { kind: "leave" };
    case "page":
      return copy === null ? null : pageStep(copy, reply);
  }
}

/** A new copy beside whatever there is, unless one is being built. */
export function beginStep(
  object: ObjectName,
  copies: readonly Copy[],
  facts: ObjectFacts,
  { form, columns }: Wanted,
): Step | null {
  if (copies.some(({ status }) => status === "building")) return null;
  const [first] = Object.keys(columns);
  return { kind: "begin", object, facts, form, place: first === undefined ? null : { table: first, after: null } };
}

/** Whether the copy is one that serves, and has all that its object held when it was asked. */
export function isCurrentAfter(step: Step): boolean {
  if (step.kind === "confirm") return isComplete(step.page);
  return step.kind === "advance" && step.copy.status === "serving" && isComplete(step.page);
}

/** The copies once the step is done; null: they have to be read. Who believes it wrongly is stopped by the guard of the next step. */
export function copiesAfter(copies: readonly Copy[], step: Step): readonly Copy[] | null {
  if (step.kind === "confirm") return copies;
  if (step.kind !== "advance" || step.switches) return null;
  const { copy, page } = step;
  const moved = { ...copy, seq: page.seq, place: page.place, step: copy.step + 1 };
  return copies.map((each) => (each.id === copy.id ? moved : each));
}

function copiesToFollow(copies: readonly Copy[], form: string): readonly Copy[] {
  const serving = copies.find(({ status }) => status === "serving");
  const building = copies.find(({ status }) => status === "building");
  if (building === undefined) return serving === undefined ? [] : [serving];
  // One that serves from another ledger or in another form is as good as it will be.
  const isAlive =
    serving !== undefined &&
    serving.epoch === building.epoch &&
    serving.migration === building.migration &&
    serving.form === form;
  return isAlive ? [building, serving] : [building];
}

/** A copy of another form has no next page. */
function requestFor({ epoch, migration, seq, place, form }: Copy, wanted: Wanted): PullRequest {
  return {
    v: 1,
    limits: wanted.limits,
    tables: wanted.columns,
    from: form === wanted.form ? { epoch, migration, seq, place } : null,
  };
}

function pageStep(copy: Copy, page: PulledPage): Step {
  const switches = copy.status === "building" && isComplete(page);
  const isNews = page.seq > copy.seq || page.rows.length > 0 || !isSamePlace(copy.place, page.place);
  return switches || isNews ? { kind: "advance", copy, page, switches } : { kind: "confirm", copy, page };
}

function isSamePlace(a: Place | null, b: Place | null): boolean {
  return a === b || (a !== null && b !== null && a.table === b.table && a.after === b.after);
}
