/** The films of `vega-datasets` as a Ledge table, and as plain rows for computing the same answers by hand. */

import { index, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { fullyPublic, resource } from "ledge";

export const filmsTable = sqliteTable(
  "films",
  {
    id: text("id").primaryKey(),
    title: text("title"),
    usGross: integer("us_gross"),
    worldwideGross: integer("worldwide_gross"),
    usDvdSales: integer("us_dvd_sales"),
    productionBudget: integer("production_budget"),
    releaseDate: text("release_date").notNull(),
    releasedAt: integer("released_at", { mode: "timestamp_ms" }),
    mpaaRating: text("mpaa_rating"),
    runningTimeMin: integer("running_time_min"),
    distributor: text("distributor"),
    source: text("source"),
    majorGenre: text("major_genre"),
    creativeType: text("creative_type"),
    director: text("director"),
    rottenTomatoesRating: integer("rotten_tomatoes_rating"),
    imdbRating: real("imdb_rating"),
    imdbVotes: integer("imdb_votes"),
    isHit: integer("is_hit", { mode: "boolean" }),
    words: text("words", { mode: "json" }),
  },
  (table) => [index("films_by_genre").on(table.majorGenre)],
);

export const films = resource(filmsTable, {
  ...fullyPublic(),
  search: { fields: ["title", { name: "director", weight: 2 }] },
  pagination: { defaultLimit: 100, maxLimit: 1000 },
  batch: { create: 1000 },
} as Parameters<typeof resource>[1]);

export interface Film {
  readonly id: string;
  readonly title: string | null;
  readonly usGross: number | null;
  readonly worldwideGross: number | null;
  readonly usDvdSales: number | null;
  readonly productionBudget: number | null;
  readonly releaseDate: string;
  readonly releasedAt: string | null;
  readonly mpaaRating: string | null;
  readonly runningTimeMin: number | null;
  readonly distributor: string | null;
  readonly source: string | null;
  readonly majorGenre: string | null;
  readonly creativeType: string | null;
  readonly director: string | null;
  readonly rottenTomatoesRating: number | null;
  readonly imdbRating: number | null;
  readonly imdbVotes: number | null;
  readonly isHit: boolean | null;
  readonly words: readonly string[] | null;
}

type Source = Readonly<Record<string, string | number | null>>;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The n-th film of the file as a row: titles that are numbers become text, dates like "Jun 12 1998" become instants too. */
export function filmRow(film: Source, n: number): Film {
  const title = film.Title === null || film.Title === undefined ? null : String(film.Title);
  const textOf = (name: string) => (film[name] === null || film[name] === undefined ? null : String(film[name]));
  const numberOf = (name: string) => (typeof film[name] === "number" ? film[name] : null);
  const date = /^(\w{3}) (\d{2}) (\d{4})$/.exec(String(film["Release Date"]));
  const month = MONTHS.indexOf(date?.[1] ?? "");
  return {
    id: `019a0000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`,
    title,
    usGross: numberOf("US Gross"),
    worldwideGross: numberOf("Worldwide Gross"),
    usDvdSales: numberOf("US DVD Sales"),
    productionBudget: numberOf("Production Budget"),
    releaseDate: String(film["Release Date"]),
    releasedAt:
      date === null || month < 0 ? null : new Date(Date.UTC(Number(date[3]), month, Number(date[2]))).toISOString(),
    mpaaRating: textOf("MPAA Rating"),
    runningTimeMin: numberOf("Running Time min"),
    distributor: textOf("Distributor"),
    source: textOf("Source"),
    majorGenre: textOf("Major Genre"),
    creativeType: textOf("Creative Type"),
    director: textOf("Director"),
    rottenTomatoesRating: numberOf("Rotten Tomatoes Rating"),
    imdbRating: numberOf("IMDB Rating"),
    imdbVotes: numberOf("IMDB Votes"),
    isHit: numberOf("Worldwide Gross") === null ? null : (numberOf("Worldwide Gross") ?? 0) > 100_000_000,
    words:
      title === null
        ? null
        : title
            .toLowerCase()
            .split(/[^a-z0-9]+/)
            .filter((word) => word !== ""),
  };
}
