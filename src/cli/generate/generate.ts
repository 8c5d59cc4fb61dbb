/**
 * Brings `migrations/` up to the tables that src/app.ts declares: loads them, checks what cannot be, plans a migration per
 * object group, asks where rows are at stake, rehearses, writes. All or nothing: nothing is written while anything is
 * refused. Called by `ledge generate` and `ledge dev`.
 */

import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { AppDescription } from "../describe-app.ts";
import { loadApp } from "../load-app.ts";
import type { Project } from "../project.ts";
import { type Change, migrationName } from "./changes.ts";
import { type Consent, refusalOf, resolveRenames } from "./consent.ts";
import { afterUpload, expandD1 } from "./expand-d1.ts";
import {
  bundleText,
  D1_FOLDER,
  extendedJournal,
  type GroupHistory,
  type NewMigration,
  nextTag,
  placementText,
  readD1,
  readGroups,
  readPlacement,
  writeMigration,
} from "./migration-folder.ts";
import { placementOf, placementProblems } from "./placement-lock.ts";
import { planD1, rehearseD1 } from "./plan-d1.ts";
import { planGroup } from "./plan-group.ts";
import { rehearse } from "./rehearse.ts";
import { fittingRenames, printRename, type Rename } from "./renames.ts";
import { ORIGIN_ID, type Snapshot, type SnapshotTables } from "./snapshot.ts";

export interface GenerateRequest {
  readonly project: Project;
  /** `check` writes nothing and asks nothing. */
  readonly mode: "write" | "check";
  readonly renames: readonly Rename[];
  readonly consent: Consent;
  /** Tables that moved and are stated to hold no rows. */
  readonly acceptedPlacements: readonly string[];
  /** Instead of the name made from the changes. */
  readonly name?: string;
}

export interface GeneratedMigration {
  readonly group: string;
  readonly tag: string;
  readonly changes: readonly Change[];
}

export type GenerateOutcome =
  | { readonly kind: "current"; readonly app: AppDescription }
  /** `migrations` is empty when only `migrations.ts` or the placement lock were behind. */
  | { readonly kind: "changed"; readonly app: AppDescription; readonly migrations: readonly GeneratedMigration[] }
  | { readonly kind: "refused"; readonly problems: readonly string[] };

const BREAKPOINT = "--> statement-breakpoint";

export async function generate(request: GenerateRequest): Promise<GenerateOutcome> {
  const { project, mode } = request;
  const report = await loadApp(project.app, project.root);
  if (report.kind !== "app") return refused([report.message]);
  const { app } = report;

  const lock = readPlacement(project.migrations);
  const moved = placementProblems(lock, app.tables, request.acceptedPlacements);
  if (moved.length > 0) return refused(moved);

  if (D1_FOLDER in app.snapshots)
    return refused([`No group may be called "${D1_FOLDER}": migrations/${D1_FOLDER} is for D1.`]);

  const histories = new Map(readGroups(project.migrations).map((history) => [history.group, history]));
  const groups = [...new Set([...histories.keys(), ...Object.keys(app.snapshots)])].sort();
  const pairs = groups.map((group) => ({
    group,
    history: histories.get(group),
    after: app.snapshots[group] ?? emptySnapshot(),
  }));
  const planned: Planned[] = [];
  const problems = unfitRenames(request.renames, pairs);
  for (const pair of pairs) {
    const outcome = await planOne(request, pair);
    if (outcome.kind === "refused") problems.push(...outcome.problems);
    if (outcome.kind === "planned") planned.push(outcome);
  }
  const renames = planned.flatMap((each) => each.renames);
  for (const step of await planOfD1(readD1(project.migrations), app.d1, renames)) {
    if (step.kind === "refused") problems.push(...step.problems);
    else planned.push(step);
  }
  if (problems.length > 0) return refused(problems);

  const isBehind = save(project, pairs, planned, app, mode);
  if (!isBehind) return { kind: "current", app };
  const migrations = planned.map(({ migration, changes }) => ({ group: migration.group, tag: migration.tag, changes }));
  return { kind: "changed", app, migrations };
}

interface GroupPair {
  readonly group: string;
  readonly history: GroupHistory | undefined;
  readonly after: Snapshot;
}

interface Planned {
  readonly kind: "planned";
  readonly history: GroupHistory | undefined;
  readonly migration: NewMigration;
  readonly changes: readonly Change[];
  readonly renames: readonly Rename[];
}

type PairOutcome =
  | { readonly kind: "current" }
  | Planned
  | { readonly kind: "refused"; readonly problems: readonly string[] };

async function planOne(request: GenerateRequest, { group, history, after }: GroupPair): Promise<PairOutcome> {
  const before = history?.snapshot?.tables ?? {};
  const consent: Consent = request.mode === "check" ? { kind: "given" } : request.consent;
  const declared = fittingRenames(before, after.tables, request.renames);
  const resolved = await resolveRenames(before, after.tables, declared, consent, request.acceptedPlacements);
  if (resolved.kind === "refused") return resolved;

  const plan = await planGroup(before, after, resolved.renames);
  if (plan.problems.length > 0) return refused(plan.problems);
  if (plan.statements.length === 0) return { kind: "current" };
  const risky = plan.changes.filter(
    ({ risk, table }) => risk !== "none" && !request.acceptedPlacements.includes(table),
  );
  const refusal = await refusalOf(group, risky, consent);
  if (refusal !== null) return refused([refusal]);

  const tag = nextTag(history, request.name ?? migrationName(plan.changes));
  const sql = `${plan.statements.join(`\n${BREAKPOINT}\n`)}\n`;
  const failure = rehearse([...(history?.migrations ?? []), { tag, sql }], after.tables);
  if (failure !== null) return refused([`The migration of "${group}" does not run. ${failure}\n${sql}`]);
  const snapshot = { ...after, prevId: history?.snapshot?.id ?? ORIGIN_ID };
  const { changes } = plan;
  return { kind: "planned", history, migration: { group, tag, sql, snapshot }, changes, renames: resolved.renames };
}

/**
 * Copies are taken from the objects again whatever becomes of them, so nobody is asked. Tables of features are Ledge's own. What is added and what
 * is taken away are two migrations: the upload of the code stands between them.
 */
async function planOfD1(
  history: GroupHistory | undefined,
  after: Snapshot,
  renames: readonly Rename[],
): Promise<readonly Exclude<PairOutcome, { kind: "current" }>[]> {
  const before = history?.snapshot ?? null;
  if (before === null || history === undefined) return planD1Step(history, after, [], (sql) => sql);
  const both = { ...expandD1(before, after, renames), id: randomUUID() };
  const [added] = await planD1Step(history, both, [], (sql) => sql);
  if (added === undefined) return planD1Step(history, after, renames, afterUpload);
  if (added.kind === "refused") return [added];
  const { tag, sql } = added.migration;
  const between = {
    ...history,
    migrations: [...history.migrations, { tag, sql }],
    journal: extendedJournal(history, tag, Date.now()),
    snapshot: both,
  };
  return [added, ...(await planD1Step(between, after, renames, afterUpload))];
}

/** None where nothing is to be done. */
async function planD1Step(
  history: GroupHistory | undefined,
  after: Snapshot,
  renames: readonly Rename[],
  text: (sql: string) => string,
): Promise<readonly Exclude<PairOutcome, { kind: "current" }>[]> {
  const plan = await planD1(history?.snapshot ?? null, after, renames);
  if (plan.problems.length > 0) return [refused(plan.problems)];
  if (plan.statements.length === 0) return [];
  const tag = nextTag(history, migrationName(plan.changes));
  const sql = text(`${plan.statements.join(`\n${BREAKPOINT}\n`)}\n`);
  const failure = rehearseD1([...(history?.migrations ?? []), { tag, sql }]);
  if (failure !== null) return [refused([`The migration of D1 does not run. ${failure}\n${sql}`])];
  const snapshot = { ...after, prevId: history?.snapshot?.id ?? ORIGIN_ID };
  const migration = { group: D1_FOLDER, tag, sql, snapshot };
  return [{ kind: "planned", history, migration, changes: plan.changes, renames: [] }];
}

function unfitRenames(renames: readonly Rename[], pairs: readonly GroupPair[]): string[] {
  const tablesOf = (history: GroupHistory | undefined): SnapshotTables => history?.snapshot?.tables ?? {};
  const fitting = pairs.flatMap(({ history, after }) => fittingRenames(tablesOf(history), after.tables, renames));
  return renames
    .filter((rename) => !fitting.includes(rename))
    .map((rename) => `--rename ${printRename(rename)} fits nothing: the old name must be gone and the new one be new.`);
}

/** Writes what differs (in mode `check`: nothing) and tells whether anything did. */
function save(
  { root, migrations: folder }: Project,
  pairs: readonly GroupPair[],
  planned: readonly Planned[],
  app: AppDescription,
  mode: "write" | "check",
): boolean {
  const bundled = pairs.map(({ group, history }) => {
    const added = planned.find(({ migration }) => migration.group === group)?.migration.tag;
    return {
      group,
      tags: [...(history?.migrations ?? []).map(({ tag }) => tag), ...(added === undefined ? [] : [added])],
    };
  });
  const texts = [
    {
      file: join(folder, "migrations.ts"),
      text: bundleText(bundled, relative(folder, join(root, "src/define/app.ts")).split(sep).join("/")),
    },
    { file: join(folder, "placement.json"), text: placementText(placementOf(app.tables)) },
  ].filter(({ file, text }) => !existsSync(file) || readFileSync(file, "utf8") !== text);
  if (mode === "write") {
    mkdirSync(folder, { recursive: true });
    for (const { history, migration } of planned) writeMigration(folder, history, migration, Date.now());
    for (const { file, text } of texts) writeFileSync(file, text);
  }
  return planned.length > 0 || texts.length > 0;
}

/** Of a group that no table is left in. */
function emptySnapshot(): Snapshot {
  return {
    version: "6",
    dialect: "sqlite",
    id: randomUUID(),
    prevId: ORIGIN_ID,
    tables: {},
    views: {},
    enums: {},
    _meta: { tables: {}, columns: {} },
  };
}

function refused(problems: readonly string[]): { readonly kind: "refused"; readonly problems: readonly string[] } {
  return { kind: "refused", problems };
}
