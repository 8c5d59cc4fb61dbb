import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "./free-port.ts";
import { type FreshCopy, freshCopy } from "./fresh-copy.ts";
import { processesIn } from "./processes.ts";
import { readAll } from "./read-all.ts";
import { readReadme, stepOf } from "./read-readme.ts";
import { type Running, runShell, startShell } from "./shell.ts";

type Film = Readonly<Record<string, string | number | null>>;

let clone: FreshCopy;
let port: number;
let dev: Running;
const steps = () => readReadme(join(clone.root, "README.md"));
/** The README's command, towards the port of this test. */
const here = (name: string) => stepOf(steps(), "run", name).replaceAll("127.0.0.1:8787", `127.0.0.1:${port}`).trim();

beforeAll(async () => {
  clone = freshCopy("none");
  port = await freePort();
}, 60_000);
afterAll(async () => {
  await dev?.interrupt();
  clone?.remove();
});

describe("what README.md tells a newcomer works in a fresh clone", () => {
  test("[README] the first command brings Ledge up, without an account", async () => {
    dev = startShell(`${here("dev")} -- --port ${port}`, clone.root);
    await dev.until(/Ledge runs on http:\/\/127\.0\.0\.1:\d+/, 240_000);
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  }, 260_000);

  test("[README] one file and one line make a table: migrated by the running Ledge, written to, read back", async () => {
    for (const { kind, name, text } of steps()) {
      const file = join(clone.root, name);
      if (kind === "file") writeFileSync(file, text);
      if (kind === "line") writeFileSync(file, `${readFileSync(file, "utf8")}${text}`);
    }
    await dev.until(/migrations written/, 30_000);
    await expect
      .poll(async () => (await fetch(`http://127.0.0.1:${port}/api/movies`)).status, { timeout: 20_000 })
      .toBe(200);

    const created = JSON.parse(await runShell(here("create").replace("curl", "curl -sS"), clone.root)) as Film;
    expect(created).toMatchObject({ title: "Alien", imdbRating: 8.5, director: null });
    expect(await (await fetch(`http://127.0.0.1:${port}/api/movies/${created.id}`)).json()).toEqual(created);
    const listed = JSON.parse(await runShell(here("list").replace("curl", "curl -sS"), clone.root)) as {
      items: Film[];
    };
    expect(listed.items).toEqual([created]);
    const gone = await fetch(`http://127.0.0.1:${port}/api/movies/${created.id}`, {
      method: "DELETE",
      headers: { authorization: "Bearer dev:alice" },
    });
    expect(gone.status).toBe(204);
  }, 90_000);

  test("[README] the import brings in every film; a second time it finds them all", async () => {
    const command = `${here("import")} --url http://127.0.0.1:${port}`;
    expect(await runShell(command, clone.root)).toMatch(/created +3,201\n +already there +0\n +converted +9 .*title 9/);
    const films = JSON.parse(
      readFileSync(join(clone.root, "node_modules/vega-datasets/data/movies.json"), "utf8"),
    ) as Film[];
    const expected = films.map((film) => ({
      title: film.Title === null ? null : String(film.Title),
      director: film.Director,
      releaseDate: film["Release Date"],
      imdbRating: film["IMDB Rating"],
      usGross: film["US Gross"],
    }));
    const rows = await readAll(`http://127.0.0.1:${port}`, "movies");
    expect(rows.map(({ id: _id, ...row }) => row)).toEqual(expected);
    expect(await runShell(command, clone.root)).toMatch(/created +0\n +already there +3,201/);
  }, 240_000);

  test("[README] Ctrl-C leaves no process behind", async () => {
    expect(processesIn(clone.root).some((line) => line.includes("workerd"))).toBe(true);
    await dev.interrupt();
    await expect.poll(() => processesIn(clone.root), { timeout: 10_000 }).toEqual([]);
  }, 30_000);
});
