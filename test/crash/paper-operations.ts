/**
 * What a writer does to papers, the table whose rows are removed softly: restored, removed for good, and written in batches that change
 * some rows and create others (upsert, PUT). Always under a key: what became of a removal cannot be told from the rows. Pure.
 */

import { headersOf, type Operation, type OwnRow, pathOf, written } from "./operations.ts";
import type { Random } from "./random.ts";

const OWN_PAPERS = 8;

/** The row is null for a creation and for a batch. */
export function nextPaper(
  key: string,
  writer: string,
  rows: readonly OwnRow[],
  random: Random,
): { operation: Operation; row: OwnRow | null } {
  const own = rows.filter(({ table }) => table === "papers");
  const gone = own.filter(({ isGone }) => isGone);
  const here = own.filter(({ isGone }) => !isGone);
  if (here.length >= 2 && random.chance(0.25))
    return { operation: mixedBatchOf(here.slice(0, random.between(1, 3)), key, writer, random), row: null };
  if (gone.length > 0 && random.chance(0.5)) {
    const row = random.pick(gone);
    return { operation: changeOf(row, random.chance(0.7) ? "restore" : "remove", key, writer), row };
  }
  if (here.length === 0 || (own.length < OWN_PAPERS && random.chance(0.4)))
    return { operation: createOf(key, writer), row: null };
  const row = random.pick(here);
  const act = random.chance(0.45) ? "delete" : random.chance(0.1) ? "remove" : "patch";
  return { operation: changeOf(row, act, key, writer), row };
}

function createOf(key: string, writer: string): Operation {
  const id = idOf(key);
  const body = { id, ...written(key), origin: key };
  return {
    ...frameOf(key, writer),
    act: "create",
    origin: key,
    id,
    call: { method: "POST", path: pathOf("papers", null, null), headers: headersOf(writer, key), body },
  };
}

function changeOf(
  { id, origin, etag }: OwnRow,
  act: "patch" | "delete" | "restore" | "remove",
  key: string,
  writer: string,
): Operation {
  const path = pathOf("papers", null, id);
  const condition = etag === null || act === "restore" ? {} : { "if-match": etag };
  const headers = { ...headersOf(writer, key), ...condition };
  const call = {
    patch: { method: "PATCH", path, headers, body: written(key) },
    delete: { method: "DELETE", path, headers },
    remove: { method: "DELETE", path: `${path}?hard=true`, headers },
    restore: { method: "POST", path: `${path}/restore`, headers },
  }[act];
  return { ...frameOf(key, writer), act, origin, id, call };
}

/** Rows that are there and rows that are not, in one batch. */
function mixedBatchOf(rows: readonly OwnRow[], key: string, writer: string, random: Random): Operation {
  const fresh = Array.from({ length: random.between(1, 2) }, (_, index) => ({
    origin: `${key}.${index}`,
    id: idOf(`${key}.${index}`),
  }));
  const all = [...rows.map(({ origin, id }) => ({ origin, id })), ...fresh];
  const items = all.map(({ origin, id }) => ({ id, ...written(key), origin }));
  const isUpsert = random.chance(0.5);
  return {
    ...frameOf(key, writer),
    act: "upsert",
    batch: all.map(({ origin, id }) => ({ origin, id, parent: null })),
    call: {
      method: isUpsert ? "POST" : "PUT",
      path: `${pathOf("papers", null, null)}/batch${isUpsert ? "/upsert" : ""}`,
      headers: headersOf(writer, key),
      body: { items },
    },
  };
}

/** Known before the row is there, as PUT and upsert need it. */
function idOf(origin: string): string {
  return `p.${origin}`;
}

function frameOf(key: string, writer: string) {
  return {
    key,
    writer,
    table: "papers",
    partition: null,
    origin: "",
    id: null,
    parent: null,
    batch: null,
    isKeyed: true,
  } as const;
}
