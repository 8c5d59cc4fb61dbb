/**
 * Some hundreds of questions about the films: the filter as a client writes it, and the same question in plain JavaScript over the
 * rows, written without the product's evaluator. NULL handling is spelled out in each.
 */

import type { Film } from "./film-table.ts";

export interface FilmCase {
  readonly filter: string;
  readonly test: (film: Film) => boolean;
}

type TextColumn = "title" | "distributor" | "director" | "majorGenre" | "mpaaRating" | "source" | "releaseDate";
type NumberColumn =
  | "usGross"
  | "worldwideGross"
  | "usDvdSales"
  | "productionBudget"
  | "runningTimeMin"
  | "rottenTomatoesRating"
  | "imdbRating"
  | "imdbVotes";

const TEXTS: Readonly<Record<TextColumn, readonly string[]>> = {
  title: [
    "Titanic",
    "1776",
    "Alien³",
    "20,000 Leagues Under the Sea",
    "the",
    "Lolita (1962)",
    "Hello, Dolly",
    "É",
    "zzz",
    "",
  ],
  distributor: ["Warner Bros.", "warner", "20th Century Fox", "MGM", "%"],
  director: ["Steven Spielberg", "woody", "Francis Ford Coppola", "De"],
  majorGenre: ["Drama", "Thriller/Suspense", "comedy"],
  mpaaRating: ["R", "PG-13", "pg"],
  source: ["Original Screenplay", "Based on", "play"],
  releaseDate: ["Oct 11 2002", "1998", "Dec"],
};

const NUMBERS: Readonly<Record<NumberColumn, readonly number[]>> = {
  usGross: [0, 146083, 1_000_000, 5.5],
  worldwideGross: [0, 100_000_000, 2_767_891_499],
  usDvdSales: [12_000_000, -1],
  productionBudget: [8_000_000, 250],
  runningTimeMin: [90, 120, 0],
  rottenTomatoesRating: [0, 50, 100],
  imdbRating: [6.1, 8, 10, 0],
  imdbVotes: [1071, 519541],
};

/** A–Z to a–z, every other code point as it is. */
const fold = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
const quote = (text: string) => JSON.stringify(text);
const length = (text: string) => Array.from(text).length;

/** Order of texts by code point. */
export function byCodePoint(a: string, b: string): number {
  const [x, y] = [Array.from(a), Array.from(b)];
  for (let index = 0; index < Math.min(x.length, y.length); index++) {
    const difference = (x[index]?.codePointAt(0) ?? 0) - (y[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return x.length - y.length;
}

function textCases(column: TextColumn, value: string): FilmCase[] {
  const on =
    (holds: (text: string) => boolean, whenNull = false) =>
    (film: Film) => {
      const text = film[column];
      return text === null ? whenNull : holds(text);
    };
  const escaped = value.replace(/[%_\\]/g, "\\$&");
  return [
    { filter: `${column}==${quote(value)}`, test: on((text) => text === value) },
    { filter: `${column}!=${quote(value)}`, test: on((text) => text !== value, true) },
    { filter: `${column}>${quote(value)}`, test: on((text) => byCodePoint(text, value) > 0) },
    { filter: `${column}<=${quote(value)}`, test: on((text) => byCodePoint(text, value) <= 0) },
    { filter: `${column}=contains=${quote(value)}`, test: on((text) => text.includes(value)) },
    { filter: `${column}=icontains=${quote(value)}`, test: on((text) => fold(text).includes(fold(value))) },
    { filter: `${column}=startswith=${quote(value)}`, test: on((text) => text.startsWith(value)) },
    { filter: `${column}=istartswith=${quote(value)}`, test: on((text) => fold(text).startsWith(fold(value))) },
    { filter: `${column}=endswith=${quote(value)}`, test: on((text) => text.endsWith(value)) },
    { filter: `${column}=ieq=${quote(value)}`, test: on((text) => fold(text) === fold(value)) },
    { filter: `${column}=ine=${quote(value)}`, test: on((text) => fold(text) !== fold(value), true) },
    { filter: `${column}%=${quote(`${escaped}%`)}`, test: on((text) => text.startsWith(value)) },
    { filter: `${column}!%=${quote(`%${escaped}%`)}`, test: on((text) => !text.includes(value), true) },
    { filter: `${column}=in=(${quote(value)},null)`, test: on((text) => text === value, true) },
    { filter: `${column}=out=(${quote(value)},null)`, test: on((text) => text !== value) },
  ];
}

function numberCases(column: NumberColumn, value: number): FilmCase[] {
  const on =
    (holds: (number: number) => boolean, whenNull = false) =>
    (film: Film) => {
      const number = film[column];
      return number === null ? whenNull : holds(number);
    };
  return [
    { filter: `${column}==${value}`, test: on((number) => number === value) },
    { filter: `${column}!=${value}`, test: on((number) => number !== value, true) },
    { filter: `${column}>${value}`, test: on((number) => number > value) },
    { filter: `${column}>=${value}`, test: on((number) => number >= value) },
    { filter: `${column}=lt=${value}`, test: on((number) => number < value) },
    {
      filter: `${column}=between=[${value},${value * 2}]`,
      test: on((number) => number >= value && number <= value * 2),
    },
    {
      filter: `${column}=nbetween=[${value},${value * 2}]`,
      test: on((number) => number < value || number > value * 2, true),
    },
    { filter: `!(${column}<${value})`, test: on((number) => !(number < value), true) },
    { filter: `${column}=in=(${value},7,null)`, test: on((number) => number === value || number === 7, true) },
  ];
}

const released = (film: Film) => (film.releasedAt === null ? null : Date.parse(film.releasedAt));

const MIXED: readonly FilmCase[] = [
  { filter: "", test: () => true },
  { filter: "director=isnull=true", test: (film) => film.director === null },
  { filter: "director==null;majorGenre!=null", test: (film) => film.director === null && film.majorGenre !== null },
  { filter: "title=isempty=true", test: (film) => film.title === null || film.title === "" },
  { filter: "words=isempty=false", test: (film) => film.words !== null && film.words.length > 0 },
  { filter: "isHit==true", test: (film) => film.isHit === true },
  { filter: "isHit!=true", test: (film) => film.isHit !== true },
  { filter: "isHit=in=(false,null)", test: (film) => film.isHit !== true },
  {
    filter: 'majorGenre=="Drama",majorGenre=="Comedy";imdbRating>8',
    test: (film) => film.majorGenre === "Drama" || (film.majorGenre === "Comedy" && (film.imdbRating ?? -1) > 8),
  },
  {
    filter: '(majorGenre=="Drama",majorGenre=="Comedy");imdbRating>8',
    test: (film) => (film.majorGenre === "Drama" || film.majorGenre === "Comedy") && (film.imdbRating ?? -1) > 8,
  },
  {
    filter: '!(majorGenre=="Drama" or mpaaRating=="R") and imdbVotes>=1000',
    test: (film) => !(film.majorGenre === "Drama" || film.mpaaRating === "R") && (film.imdbVotes ?? -1) >= 1000,
  },
  {
    filter: 'releasedAt>="2000-01-01"',
    test: (film) => (released(film) ?? Number.NEGATIVE_INFINITY) >= Date.UTC(2000, 0, 1),
  },
  {
    filter: 'releasedAt=between=["1994-01-01","1994-12-31T23:59:59.999Z"]',
    test: (film) => film.releasedAt?.startsWith("1994") === true,
  },
  {
    filter: 'releasedAt<"1998-06-12T02:00+02:00"',
    test: (film) => (released(film) ?? Number.POSITIVE_INFINITY) < Date.UTC(1998, 5, 12),
  },
  { filter: "title=length=5", test: (film) => film.title !== null && length(film.title) === 5 },
  { filter: "title=minlength=40", test: (film) => film.title !== null && length(film.title) >= 40 },
  { filter: "title=maxlength=3", test: (film) => film.title !== null && length(film.title) <= 3 },
  { filter: 'title%="_he %"', test: (film) => film.title !== null && /^[\s\S]he [\s\S]*$/u.test(film.title) },
  {
    filter: 'title%="The % of %s"',
    test: (film) => film.title !== null && /^The [\s\S]* of [\s\S]*s$/u.test(film.title),
  },
  { filter: 'title=ilike="%man%2%"', test: (film) => film.title !== null && /man[\s\S]*2/u.test(fold(film.title)) },
  { filter: 'title=nilike="%the%"', test: (film) => film.title === null || !fold(film.title).includes("the") },
  { filter: 'title%="%\\\\%%"', test: (film) => film.title?.includes("%") === true },
  { filter: 'words=has="love"', test: (film) => film.words?.includes("love") === true },
  {
    filter: 'words=hasall=("the","of")',
    test: (film) => film.words?.includes("the") === true && film.words.includes("of"),
  },
  {
    filter: 'words=overlaps=("war","peace")',
    test: (film) => film.words?.some((word) => word === "war" || word === "peace") === true,
  },
  {
    filter: 'words=within=("the","alien","aliens","3")',
    test: (film) => film.words?.every((word) => ["the", "alien", "aliens", "3"].includes(word)) === true,
  },
  { filter: "words=length=1", test: (film) => film.words?.length === 1 },
  { filter: "usGross=in=()", test: () => false },
  { filter: "usGross=out=()", test: () => true },
  { filter: "usGross=between=[10,1]", test: () => false },
  {
    filter: 'imdbRating==8;usGross>0,director=contains="Woody"',
    test: (film) => (film.imdbRating === 8 && (film.usGross ?? -1) > 0) || film.director?.includes("Woody") === true,
  },
];

export const FILM_CASES: readonly FilmCase[] = [
  ...MIXED,
  ...Object.entries(TEXTS).flatMap(([column, values]) =>
    values.flatMap((value) => textCases(column as TextColumn, value)),
  ),
  ...Object.entries(NUMBERS).flatMap(([column, values]) =>
    values.flatMap((value) => numberCases(column as NumberColumn, value)),
  ),
];

/** Orders as a client writes them, with what they mean: NULLs last both ways, the id at the end. */
export const FILM_ORDERS: readonly {
  readonly orderBy: string;
  readonly by: readonly (readonly [keyof Film, 1 | -1])[];
}[] = [
  { orderBy: "", by: [] },
  { orderBy: "title", by: [["title", 1]] },
  { orderBy: "-title", by: [["title", -1]] },
  {
    orderBy: "imdbRating:desc,title",
    by: [
      ["imdbRating", -1],
      ["title", 1],
    ],
  },
  {
    orderBy: "majorGenre,-imdbRating,imdbVotes:desc",
    by: [
      ["majorGenre", 1],
      ["imdbRating", -1],
      ["imdbVotes", -1],
    ],
  },
  {
    orderBy: "-releasedAt,director",
    by: [
      ["releasedAt", -1],
      ["director", 1],
    ],
  },
  {
    orderBy: "isHit,-usDvdSales,runningTimeMin,mpaaRating,-title",
    by: [
      ["isHit", 1],
      ["usDvdSales", -1],
      ["runningTimeMin", 1],
      ["mpaaRating", 1],
      ["title", -1],
    ],
  },
  { orderBy: "-id", by: [["id", -1]] },
];

/** Compares two films under an order, by hand. */
export function compareFilms(by: readonly (readonly [keyof Film, 1 | -1])[]): (a: Film, b: Film) => number {
  return (a, b) => {
    for (const [column, direction] of [...by, ["id", 1] as const]) {
      const [x, y] = [a[column], b[column]];
      if (x === y) continue;
      if (x === null) return 1;
      if (y === null) return -1;
      const difference = typeof x === "string" && typeof y === "string" ? byCodePoint(x, y) : Number(x) - Number(y);
      if (difference !== 0) return difference * direction;
    }
    return 0;
  };
}
