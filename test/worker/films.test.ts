/**
 * Real input: all 3,201 films, loaded through the public API, and some hundreds of filters, orders and page walks over them, each
 * compared with the same computation in plain JavaScript over the file.
 */

import { SELF } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import source from "../../node_modules/vega-datasets/data/movies.json";
import { AGGREGATES, type AggregateCase, aggregateByHand, type Group } from "../support/film-aggregates.ts";
import { compareFilms, FILM_CASES, FILM_ORDERS } from "../support/film-cases.ts";
import { type Film, filmRow } from "../support/film-table.ts";

const FILMS: readonly Film[] = (source as Record<string, string | number | null>[]).map(filmRow);
const LOADERS = 20;

async function ask(path: string): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const response = await SELF.fetch(`http://localhost/api/films${path}`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const query = (parameters: Readonly<Record<string, string>>) => `?${new URLSearchParams(parameters)}`;

async function load(): Promise<void> {
  let next = 0;
  const loader = async () => {
    while (next < FILMS.length) {
      const response = await SELF.fetch("http://localhost/api/films", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(FILMS[next++]),
      });
      if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: LOADERS }, loader));
}

function aggregateQuery({ groupBy, count, sum, avg, min, max, filter, having, orderBy }: AggregateCase): string {
  const lists = { groupBy, sum, avg, min, max };
  const given = Object.entries(lists).flatMap(([name, columns]) =>
    columns === undefined || columns.length === 0 ? [] : [[name, columns.join(",")]],
  );
  const rest = {
    filter: filter?.text,
    having: having?.text,
    orderBy: orderBy?.text,
    count: count === true ? "true" : undefined,
  };
  return query(
    Object.fromEntries([...given, ...Object.entries(rest).filter(([, text]) => text !== undefined)]) as Record<
      string,
      string
    >,
  );
}

/** Sums of reals depend on the order of their rows in the last digits. */
function rounded(groups: readonly Group[]): unknown {
  return JSON.parse(JSON.stringify(groups), (_name, value: unknown) =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(12)) : value,
  );
}

/** Walks all pages; `limit` changes on the way, as [PG3] allows. */
async function walk(parameters: Readonly<Record<string, string>>, limits: readonly number[]): Promise<Film[]> {
  const films: Film[] = [];
  let cursor: string | null = null;
  for (let page = 0; page === 0 || cursor !== null; page++) {
    const { status, body } = await ask(
      query({ ...parameters, limit: String(limits[page % limits.length]), ...(cursor === null ? {} : { cursor }) }),
    );
    expect(status, JSON.stringify(body)).toBe(200);
    films.push(...(body.items as Film[]));
    expect(body.hasMore).toBe(body.nextCursor !== null);
    cursor = body.nextCursor as string | null;
  }
  return films;
}

describe("3,201 films", () => {
  beforeAll(load, 120_000);

  it("[R1] are read back equal, in order of id", async () => {
    expect(FILMS).toHaveLength(3201);
    const { body } = await ask(query({ totalCount: "true", limit: "1" }));
    expect(body.totalCount).toBe(3201);
    expect(await walk({}, [1000])).toEqual(FILMS);
  });

  it(`[QL39] ${FILM_CASES.length} filters select what plain JavaScript selects`, async () => {
    for (const { filter, test } of FILM_CASES) {
      const expected = FILMS.filter(test);
      const { status, body } = await ask(`/count${query({ filter })}`);
      expect({ filter, status, count: body.count }).toEqual({ filter, status: 200, count: expected.length });
      const listed = await ask(query({ filter, select: "id", limit: "1000" }));
      const ids = (listed.body.items as { id: string }[]).map((item) => item.id);
      expect({ filter, ids }).toEqual({ filter, ids: expected.slice(0, 1000).map((film) => film.id) });
    }
  }, 120_000);

  it("[QL51] [QL52] [PG4] orders sort as by hand, over pages of changing size", async () => {
    for (const { orderBy, by } of FILM_ORDERS) {
      const expected = [...FILMS].sort(compareFilms(by)).map((film) => film.id);
      const films = await walk(orderBy === "" ? { select: "id" } : { orderBy, select: "id" }, [1000, 7, 333]);
      expect({ orderBy, ids: films.map((film) => film.id) }).toEqual({ orderBy, ids: expected });
    }
  }, 120_000);

  it("[PG3] [PG6] filters and orders together, page by page", async () => {
    for (const [index, { filter, test }] of FILM_CASES.filter((_, n) => n % 9 === 0).entries()) {
      const { orderBy, by } = FILM_ORDERS[index % FILM_ORDERS.length] ?? { orderBy: "", by: [] };
      const expected = FILMS.filter(test)
        .sort(compareFilms(by))
        .map((film) => film.id);
      const films = await walk({ ...(orderBy === "" ? {} : { orderBy }), filter, select: "id" }, [97, 1, 500]);
      expect({ filter, orderBy, ids: films.map((film) => film.id) }).toEqual({ filter, orderBy, ids: expected });
    }
  }, 240_000);

  it("[QL56] offsets and totals agree with the whole", async () => {
    const expected = FILMS.filter((film) => film.majorGenre === "Drama").map((film) => film.id);
    for (const offset of [0, 1, 100, 788, 789, 5000]) {
      const { body } = await ask(
        query({ filter: 'majorGenre=="Drama"', offset: String(offset), limit: "50", totalCount: "true" }),
      );
      expect((body.items as Film[]).map((film) => film.id)).toEqual(expected.slice(offset, offset + 50));
      expect(body.totalCount).toBe(expected.length);
    }
  });

  it("[AG3] [AG4] [AG5] [AG6] aggregates are those of plain JavaScript", async () => {
    for (const asked of AGGREGATES) {
      const { status, body } = await ask(`/aggregate${aggregateQuery(asked)}`);
      expect(status, JSON.stringify(body)).toBe(200);
      expect({ asked, groups: rounded(body.groups as Group[]) }).toEqual({
        asked,
        groups: rounded(aggregateByHand(FILMS, asked).slice(0, 1000)),
      });
    }
  }, 60_000);

  it("[SR3] [SR4] searches find the films whose words, by hand, hold every term", async () => {
    for (const { q, terms, fields } of SEARCHES) {
      const expected = FILMS.filter((film) =>
        terms.every((term) => fields.some((field) => holds(wordsOf(film[field]), term))),
      ).map((film) => film.id);
      const found: string[] = [];
      for (let offset = 0; offset === 0 || offset < expected.length; offset += 100) {
        const { status, body } = await ask(
          `/search${query({ q, limit: "100", offset: String(offset), totalCount: "true", select: "id", ...(fields.length === 1 ? { fields: fields.join(",") } : {}) })}`,
        );
        expect(status, JSON.stringify(body)).toBe(200);
        expect({ q, total: body.totalCount }).toEqual({ q, total: expected.length });
        found.push(...(body.items as { id: string }[]).map((item) => item.id));
      }
      expect({ q, ids: found.sort() }).toEqual({ q, ids: [...expected].sort() });
    }
  }, 60_000);
});

type Field = "title" | "director";
/** A term is words that follow one another; `isPrefix`: the last one may go on. */
interface Term {
  readonly words: readonly string[];
  readonly isPrefix?: true;
}

const SEARCHES: readonly { readonly q: string; readonly terms: readonly Term[]; readonly fields: readonly Field[] }[] =
  [
    ...[
      "love",
      "LOVE",
      "dark",
      "1776",
      "2012",
      "spielberg",
      "woody allen",
      "king",
      "amie",
      "star wars",
      "nothingness",
      "the man",
      "allen love",
    ].map((q) => ({
      q,
      terms: q
        .toLowerCase()
        .split(" ")
        .map((word) => ({ words: [word] })),
      fields: ["title", "director"] as const,
    })),
    { q: '"star wars"', terms: [{ words: ["star", "wars"] }], fields: ["title", "director"] },
    { q: '"of the" lord', terms: [{ words: ["of", "the"] }, { words: ["lord"] }], fields: ["title", "director"] },
    { q: "spi*", terms: [{ words: ["spi"], isPrefix: true }], fields: ["title", "director"] },
    { q: "star tre*", terms: [{ words: ["star"] }, { words: ["tre"], isPrefix: true }], fields: ["title"] },
    { q: "allen", terms: [{ words: ["allen"] }], fields: ["director"] },
    {
      q: "león (1994) OR NOT",
      terms: ["leon", "1994", "or", "not"].map((word) => ({ words: [word] })),
      fields: ["title", "director"],
    },
  ];

/** Letters and digits, without case and marks. */
function wordsOf(text: string | null): string[] {
  return (text ?? "")
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}

function holds(words: readonly string[], { words: asked, isPrefix }: Term): boolean {
  return words.some((_, start) =>
    asked.every((word, index) => {
      const found = words[start + index];
      return found === word || (isPrefix === true && index === asked.length - 1 && found?.startsWith(word) === true);
    }),
  );
}
