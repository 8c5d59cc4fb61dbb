import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "./free-port.ts";
import { type FreshCopy, freshCopy } from "./fresh-copy.ts";
import { processesIn } from "./processes.ts";
import { readAll } from "./read-all.ts";
import { type Running, startShell } from "./shell.ts";

type Film = Readonly<Record<string, string | number | null>>;

/** One file. A title is kept as JSON, so that the number 1776, the text "1776" and null stay what they are. */
const MOVIES = `import { integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { authenticated, resource } from "ledge";

const moviesTable = sqliteTable("movies", {
  id: text("id").primaryKey(),
  title: text("title", { mode: "json" }).$type<string | number | null>(),
  usGross: integer("us_gross"),
  worldwideGross: integer("worldwide_gross"),
  usDvdSales: integer("us_dvd_sales"),
  productionBudget: integer("production_budget"),
  releaseDate: text("release_date"),
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
});

export const movies = resource(moviesTable, { ...authenticated(), public: { read: true } });
`;

const ALL_MOVIES = `import { fullyPublic } from "ledge";
import { view } from "ledge/read-model";
import { movies } from "./movies.ts";

export const allMovies = view("all_movies", { of: movies, ...fullyPublic() });
`;

/** "US DVD Sales" → `usDvdSales` */
function columnOf(field: string): string {
  const [first = "", ...rest] = field.toLowerCase().split(" ");
  return first + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

let copy: FreshCopy;
let base: string;
let dev: Running;

beforeAll(async () => {
  copy = freshCopy("installed");
  const port = await freePort();
  base = `http://127.0.0.1:${port}`;
  writeFileSync(join(copy.root, "src/tables/movies.ts"), MOVIES);
  appendFileSync(join(copy.root, "src/tables/tables.ts"), 'export { movies } from "./movies.ts";\n');
  dev = startShell(`exec npm run dev -- --port ${port}`, copy.root);
  await dev.until(/Ledge runs on/, 60_000);
}, 90_000);
afterAll(async () => {
  await dev?.terminate();
  copy?.remove();
});

describe("real data goes in and comes out as it was", () => {
  test("[README] 3,201 films, each field with its own JSON type, through the public API", async () => {
    const source = JSON.parse(
      readFileSync(join(copy.root, "node_modules/vega-datasets/data/movies.json"), "utf8"),
    ) as Film[];
    const films = source.map((film) =>
      Object.fromEntries(Object.entries(film).map(([field, value]) => [columnOf(field), value])),
    );
    expect(films.length).toBe(3201);
    expect(films.filter((film) => typeof film.title === "number").length).toBe(9);
    expect(films.filter((film) => film.title === null).length).toBe(1);

    const ids: string[] = [];
    const queue = films.entries();
    const send = async () => {
      for (const [place, film] of queue) {
        const reply = await fetch(`${base}/api/movies`, {
          method: "POST",
          headers: { authorization: "Bearer dev:loader", "content-type": "application/json" },
          body: JSON.stringify(film),
        });
        const row = (await reply.json()) as Film;
        expect(reply.status, JSON.stringify(row)).toBe(201);
        ids[place] = String(row.id);
      }
    };
    await Promise.all(Array.from({ length: 8 }, send));

    const rows = new Map((await readAll(base, "movies")).map(({ id, ...row }) => [id, row]));
    expect(rows.size).toBe(3201);
    expect(ids.map((id) => rows.get(id))).toEqual(films);
  }, 180_000);

  test("[RM4] [README] a view and its copied table, written under the running Ledge, are served once D1 has them and not before", async () => {
    writeFileSync(join(copy.root, "src/tables/all-movies.ts"), ALL_MOVIES);
    const app = join(copy.root, "src/app.ts");
    const withView = readFileSync(app, "utf8").replace("readModel({ views: [", "readModel({ views: [allMovies, ");
    writeFileSync(app, `import { allMovies } from "./tables/all-movies.ts";\n${withView}`);
    const copied = 'public: { read: true }, readModel: true, search: { fields: ["director"] } }';
    writeFileSync(join(copy.root, "src/tables/movies.ts"), MOVIES.replace("public: { read: true } }", copied));
    const seen = new Set<number>();
    const look = async (path: string) => {
      const { status } = await fetch(base + path);
      seen.add(status);
      return status;
    };
    await expect
      .poll(() => look("/api/all_movies/count?filter=director=isnull=false"), { timeout: 60_000, interval: 20 })
      .toBe(200);
    expect(await look("/api/search?q=lucas&resources=movies")).toBe(200);
    expect(await look("/readyz")).toBe(200);
    // Never a failure: 404 while the view is not there, then its answers.
    expect([...seen].sort()).toEqual([200, 404]);
  }, 90_000);

  test("[README] the end of `npm run dev` by SIGTERM leaves no process behind", async () => {
    await dev.terminate();
    await expect.poll(() => processesIn(copy.root), { timeout: 10_000 }).toEqual([]);
  }, 30_000);
});
