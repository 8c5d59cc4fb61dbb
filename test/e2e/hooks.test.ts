/**
 * The hooks on React in a real browser, over a server in memory and under StrictMode: a page that a server has rendered is taken up, components come,
 * go and are replaced, and what is refused is said. React's own development build complains where something is not as it must be.
 */

import { join } from "node:path";
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import { renderToString } from "react-dom/server";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { clientOf, ledgeOfTasks, prefetch, tasksPage } from "./hooks-page/tasks-page.ts";

let browser: Browser;
let page: Page;

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "hooks-page/hooks-page.ts")],
    bundle: true,
    format: "iife",
    define: { "process.env.NODE_ENV": '"development"' },
    write: false,
    outdir: "out",
  });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  page = await browser.newPage();
  await page.addScriptTag({ content: outputFiles[0]?.text ?? "" });
});
afterEach(async () => expect(await page.evaluate("complaints.splice(0)")).toEqual([]));
afterAll(async () => browser?.close());

const run = <T>(call: string) => page.evaluate<T>(call);

test("[RH1] [LS13] a page that a server rendered with its rows is taken up without a change, then goes on from there", async () => {
  const ledge = ledgeOfTasks();
  const client = clientOf(ledge);
  const read = prefetch(client);
  await ledge.clock.advance(1_000);
  await read;
  const state = client.store.dehydrate();
  const html = renderToString(tasksPage(client));
  client.realtime.destroy();
  const first = "dig <b>rake <b>2+ tasks, sow <b>done 1,todo 2; read by whoever asks first; 0 unsent";
  const seen = await run<{ texts: string[] }>(`takeUp(${JSON.stringify(html)}, ${JSON.stringify(state)})`);
  expect(seen).toMatchObject({ isSameElement: true, status: "live", heard: 2 });
  expect(seen.texts[0]).toBe(first);
  expect(seen.texts.at(-1)).toBe(first.replace("rake", "prunerake").replace("todo 2", "todo 3"));
  // Nothing that was shown is ever gone: no state says that it is loading.
  for (const text of seen.texts)
    expect(text).toMatch(/^dig <b>(prune)?rake <b>2\+ tasks, sow <b>done 1,todo [23]; read/);
});

test("[RH1] StrictMode, a component that comes back and one that is replaced ask nothing again; what nobody shows is let go", async () => {
  expect(await run("mountAgain()")).toEqual({
    shown: ["one: loading", "one: 3", "two: 3", "", "three: 3"],
    asked: { sockets: 1, watches: 1, open: 1 },
    left: expect.objectContaining({ open: 0, listeners: 0, sockets: 0 }),
  });
});

test("[RH1] [RH4] a list that is refused says why; a write is shown at once, taken back when it is refused, and stays until somebody decides", async () => {
  expect(await run("refusals()")).toEqual([
    "error,false,FILTER_PARSE_ERROR,2,none",
    "error,false,FILTER_PARSE_ERROR,3,none",
    "error,false,FILTER_PARSE_ERROR,2,NO_HOES",
    "error,false,FILTER_PARSE_ERROR,2,none",
  ]);
});

test("[RH6] who is signed in is not known, is known, and is nobody; a component that goes stops listening", async () => {
  expect(await run("signIn()")).toEqual({
    seen: ["true false nobody", "false true ann", "false false nobody"],
    left: 1,
  });
});

test("[RH7] tokens are not known, given, renewed and gone; what a sign-in page calls comes along", async () => {
  expect(await run("tokens()")).toEqual([
    "true false undefined null null",
    "false false undefined null null",
    "false true ann token 1 61000",
    "false true ann token 2 61000",
    "false false undefined null null",
  ]);
});

test("[P11] [P12] [RH2] pages are fetched as their end comes near, counted and live as a whole", async () => {
  expect(await run('scrolling("live")')).toEqual(["20 60", "40 60", "60 60", "59 59"]);
});

test("[RH13] pages that are asked for by hand, one at a time", async () => {
  expect(await run('scrolling("by hand")')).toEqual(["20", "40", "60", "60"]);
});

test("[RH5] what is typed is asked when it rests; what is overtaken is aborted; what was found stays until the next answer; where that fails it is told, and nothing is shown as found", async () => {
  expect(await run("search()")).toEqual({
    asked: ["dig", "till", "rake"],
    aborted: ["till"],
    seen: [
      " false ",
      " true ",
      "dig false ",
      "dig true ",
      "dig true ",
      expect.stringMatching(/^ false .*ERROR$/),
      " false ",
    ],
  });
});

test("[RH8] a signed address is renewed when half its time is over, again and again where that fails, and for other bytes there is another", async () => {
  expect(await run("renewals()")).toEqual({
    seen: ["/f/1 ", "/f/1 ", "/f/2 ", "/f/2 BROKEN", "/f/4 ", "/f/5 ", ""],
    asked: [0, 500, 1000, 1100, 1101],
  });
});
