/** Copies of which no line tells are found by their places in the key, so many a statement: a step of an operator's walk has a bound. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Place } from "../../../src/core/read-model/pull.ts";
import type { Statement } from "../../../src/core/read-model/statements.ts";
import { claimStrays } from "../../../src/features/read-model/claim-strays.ts";
import type { Database } from "../../../src/features/read-model/database.ts";
import { projectionOf } from "../../../src/features/read-model/projection.ts";
import { messages } from "../../../src/tables/messages.ts";
import { projects } from "../../../src/tables/projects.ts";
import { nodeD1 } from "../../support/node-d1.ts";

const FIRST: Place = { table: "", after: null };
const folder = join(import.meta.dirname, "../../../migrations/d1");
const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
const texts = files.sort().map((name) => readFileSync(join(folder, name), "utf8"));
// One whose rows have numbers, since it is searched, and one whose rows lie in its key.
const projection = projectionOf({
  name: "board",
  resources: new Map([projects, messages].map((each) => [each.name as string, each])) as never,
});

/** Rows under these copies, ten each; lines of the even ones. */
function filled(copies: readonly number[]) {
  const { database, sqlite } = nodeD1(texts);
  const lists = [JSON.stringify(copies), JSON.stringify(Array.from({ length: 10 }, (_, n) => `r${n}`))];
  const rows = "SELECT c.value, r.value, 1 FROM json_each(?) AS c, json_each(?) AS r";
  for (const table of ["rm_projects", "rm_messages"])
    sqlite.prepare(`INSERT INTO ${table} (_copy, id, _version) ${rows}`).run(...lists);
  sqlite
    .prepare(
      `INSERT INTO rm_copies (id, object, grp, status, is_hidden, epoch, form, seq, head, size_bytes, as_of, step)
 SELECT value, 't/board/messages/m' || value, 'messages', 'serving', 0, 'e', '', 1, 1, 0, 1, 0 FROM json_each(?) WHERE value % 2 = 0`,
    )
    .run(lists[0] ?? "");
  const asked: Statement[] = [];
  const batch = (statements: readonly Statement[]) => {
    asked.push(...statements);
    return database.batch(statements as never);
  };
  return { database: { ...database, batch } as unknown as Database, sqlite, asked };
}

const linesOf = ({ sqlite }: ReturnType<typeof filled>) =>
  sqlite.prepare("SELECT id, object, is_hidden FROM rm_copies WHERE id % 2 = 1 ORDER BY id").all();

test("[RM5] copies that no line tells of are claimed in steps, each of which goes on where the last one ended", async () => {
  const copies = [1, 2, 3, 40, 41, 42, 700, 701, 9001];
  const given = filled(copies);
  let steps = 0;
  for (let place: Place | null = FIRST; place !== null; steps++) {
    let statements = 0;
    place = await claimStrays(given.database, projection, place, { copies: 2, isOver: () => ++statements > 1 });
  }
  // Nine copies of each of two tables, two a step, and a step that finds no more.
  expect(steps).toBe(12);
  expect(linesOf(given)).toEqual(
    [1, 3, 41, 701, 9001].map((id) => ({ id, object: `t/stray/projects/${id}`, is_hidden: 1 })),
  );
  // With the time for it, at once; and a second walk has nothing to claim.
  const again = filled(copies);
  for (let walks = 0; walks < 2; walks++)
    expect(await claimStrays(again.database, projection, FIRST, { copies: 4, isOver: () => false })).toBeNull();
  expect(linesOf(again)).toEqual(linesOf(given));
});

test("[RM5] which copies a table has is read from its key, a place a copy, and never row by row", async () => {
  const { database, sqlite, asked } = filled([1, 2, 3]);
  await claimStrays(database, projection, FIRST, { copies: 100, isOver: () => false });
  const looked = asked.filter(({ sql }) => sql.includes("rm_projects") || sql.includes("rm_messages"));
  expect(looked).toHaveLength(8);
  for (const { sql, params } of looked) {
    const plan = sqlite.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...params);
    const steps = plan.map(({ detail }) => String(detail)).filter((detail) => / rm_(projects|messages)/.test(detail));
    expect(steps).toHaveLength(2);
    for (const step of steps) expect(step).toMatch(/^SEARCH rm_\w+ USING (COVERING INDEX|PRIMARY KEY) .*\(_copy>\?\)$/);
  }
});
