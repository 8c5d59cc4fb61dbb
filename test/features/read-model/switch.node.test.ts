/** The moment in which a copy takes the place of another, in an order of two consumers that is too rare for the simulator. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { objectName } from "../../../src/core/ids.ts";
import type { Copy, Step } from "../../../src/core/read-model/copy.ts";
import type { PulledPage } from "../../../src/core/read-model/pull.ts";
import { statementsOf } from "../../../src/core/read-model/statements.ts";
import { runBatch } from "../../../src/features/read-model/database.ts";
import { readCopies } from "../../../src/features/read-model/read-copies.ts";
import { nodeD1 } from "../../support/node-d1.ts";

const folder = join(import.meta.dirname, "../../../migrations/d1");
const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
const { database } = nodeD1(files.sort().map((name) => readFileSync(join(folder, name), "utf8")));
const object = objectName("board", "work", null);
const facts = (head: number) => ({ epoch: "e", migration: null, head, sizeBytes: 0, atMs: head });

const take = (step: Step) => runBatch(database, statementsOf(step, []));
const page = (seq: number): PulledPage => ({
  kind: "page",
  facts: facts(seq),
  seq,
  place: null,
  rows: [],
  asOfMs: seq,
});
const copies = async () => {
  const all = await readCopies(database, object);
  return Object.fromEntries(all.map((copy) => [copy.status, copy])) as Record<Copy["status"], Copy>;
};

test("[RM4] a whole copy does not take the place of one that has got further meanwhile, and does once it has caught up", async () => {
  await take({ kind: "begin", object, facts: facts(10), form: "f", place: null });
  await take({ kind: "advance", copy: (await copies()).building, page: page(10), switches: true });
  await take({ kind: "begin", object, facts: facts(10), form: "f", place: null });
  const { serving, building } = await copies();
  // A consumer has pulled the new copy's last page; before its batch another one, which knows of the old copy alone, brings that on.
  const late: Step = { kind: "advance", copy: building, page: page(10), switches: true };
  await take({ kind: "advance", copy: serving, page: page(12), switches: false });
  await expect(take(late)).rejects.toThrow();
  expect(await copies()).toMatchObject({
    serving: { id: serving.id, seq: 12 },
    building: { id: building.id, step: building.step },
  });
  await take({ ...late, page: page(12) });
  expect(await copies()).toMatchObject({ serving: { id: building.id, seq: 12 }, dropping: { id: serving.id } });
});
