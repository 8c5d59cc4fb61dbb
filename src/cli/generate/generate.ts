/**
 * Brings `migrations/` up to the tables that src/app.ts declares: loads them, checks what cannot be, plans a migration per
 * object group, asks where rows are at stake, rehearses, writes. All or nothing: nothing is written while anything is
 * refused. Called by `ledge generate` and `ledge dev`.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { AppDescription } from "../describe-app.ts";
import { loadApp } from "../load-app.ts";
import type { Project } from "../project.ts";
import type { Ask } from "../terminal.ts";
import { type Change, migrationName } from "./changes.ts";
import { agree, type Consent, resolveRenames } from "./consent.ts";
import { bundleText, type GroupHistory, type NewMigration, nextTag, placementText, readGroups, readPlacement, writeMigration } from "./migration-folder.ts";
import { placementOf, placementProblems } from "./placement-lock.ts";
import { planGroup } from "./plan-group.ts";
import { rehearse } from "./rehearse.ts";
import { fittingRenames, printRename, type Rename } from "./renames.ts";
import { ORIGIN_ID, type Snapshot } from "./snapshot.ts";
import { limitProblems } from "./table-limits.ts";

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

const BREAKPOINT = "--> statement-breakpoint\n";

export async function generate(request: GenerateRequest): Promise<GenerateOutcome> {
  const { project, mode } = request;
  const report = await loadApp(project.app, project.root);
  if (report.kind !== "app") return refused([report.message]);
  const { app } = report;

  const lock = readPlacement(project.migrations);
  const early = [...limitProblems(app.tables), ...placementProblems(lock, app.tables, request.acceptedPlacements)];
  if (early.length > 0) return refused(early);

  const histories = new Map(readGroups(project.migrations).map((history) => [history.group, history]));
  const groups = [...new Set([...histories.keys(), ...Object.keys(app.snapshots)])].sort();
  const planned: { migration: NewMigration; changes: readonly Change[] }[] = [];
  const problems: string[] = unfitRenames(request.renames, groups, histories, app);
  for (const group of groups) {
    const after = app.snapshots[group] ?? emptySnapshot();
    const outcome = await planOne(request, group, histories.get(group), after);
    if (outcome.kind === "refused") problems.push(...outcome.problems);
    if (outcome.kind === "planned") planned.push(outcome);
  }
  if (problems.length > 0) return refused(problems);

  const isChanged = writeAll(project.migrations, histories, groups, planned.map(({ migration }) => migration), app, mode);
  if (!isChanged) return { kind: "current", app };
  return { kind: "changed", app, migrations: planned.map(({ migration: { group, tag }, changes }) => ({ group, tag, changes })) };
}

type OneOutcome =
  | { readonly kind: "current" }
  | { readonly kind: "planned"; readonly migration: NewMigration; readonly changes: readonly Change[] }
  | { readonly kind: "refused"; readonly problems: readonly string[] };

async function planOne(
  request: GenerateRequest,
  group: string,
  history: GroupHistory | undefined,
  after: Snapshot,
): Promise<OneOutcome> {
  const before = history?.snapshot?.tables ?? {};
  const consent: Consent = request.mode === "check" ? { kind: "given" } : request.consent;
  const declared = fittingRenames(before, after.tables, request.renames);
  const resolved = await resolveRenames(before, after.tables, declared, consent, request.acceptedPlacements);
  if (resolved.kind === "refused") return resolved;

  const plan = await planGroup(before, after, resolved.renames);
  if (plan.problems.length > 0) return refused(plan.problems);
  if (plan.statements.length === 0) return { kind: "current" };
  const risky = plan.changes.filter((change) => change.risk !== "none" && !request.acceptedPlacements.includes(change.table));
  if (!(await agree(group, risky, consent))) return refused([`Nothing was written: the change of "${group}" was not agreed to.`]);

  const tag = nextTag(history, request.name ?? migrationName(plan.changes));
  const sql = `${plan.statements.join(BREAKPOINT)}\n`;
  const failure = rehearse([...(history?.migrations ?? []), { tag, sql }], after.tables);
  if (failure !== null) return refused([`The migration of "${group}" does not run: ${failure}\n\n${sql}`]);
  const snapshot = { ...after, prevId: history?.snapshot?.id ?? ORIGIN_ID };
  return { kind: "planned", migration: { group, tag, sql, snapshot }, changes: plan.changes };
}
