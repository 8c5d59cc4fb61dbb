/**
 * The board in a real browser, on `npm run dev`: two windows, no network, a card dragged and carried by keys, what is refused, what is withdrawn,
 * a server killed with -9, ten thousand rows, and axe on every page. Persons are those of the trial, one a test.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { freePort } from "./free-port.ts";
import { type FreshCopy, freshCopy } from "./fresh-copy.ts";
import { crashWorkerd } from "./processes.ts";
import { type Running, startShell } from "./shell.ts";

/** A folder for pictures of the pages, for whoever wants to look at them. */
const PICTURES = process.env.PICTURES;
const AXE = readFileSync(join(import.meta.dirname, "../../node_modules/axe-core/axe.min.js"), "utf8");
/** What a browser says of requests that cannot be made, and of a row that has changed meanwhile; everything else is a complaint. */
const NO_NETWORK = /net::ERR_|WebSocket connection|status of (50\d|412)/;

let copy: FreshCopy;
let base: string;
let dev: Running;
let browser: Browser;
const complaints: string[] = [];
/** Paths of the sockets that a page has opened. */
const sockets = new WeakMap<Page, readonly string[]>();

beforeAll(async () => {
  copy = freshCopy("installed");
  slowExport("jana");
  const port = await freePort();
  base = `http://127.0.0.1:${port}`;
  dev = startShell(`exec npm run dev -- --port ${port}`, copy.root);
  await dev.until(/Ledge runs on/, 110_000);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
}, 240_000);
afterEach(() => expect(complaints.splice(0)).toEqual([]));
afterAll(async () => {
  await browser?.close();
  await dev?.terminate();
  copy?.remove();
});

/** For this person the export takes its time, a few tasks a page, so that its bar is seen moving. */
function slowExport(person: string): void {
  const file = join(copy.root, "src/jobs/export-tasks.ts");
  const wait = `if (createdBy === "${person}") await new Promise((resolve) => setTimeout(resolve, 600));`;
  const text = readFileSync(file, "utf8")
    .replace("PAGE_ROWS = 100", "PAGE_ROWS = 2")
    .replace(/reportProgress\(.*\);/, `$&\n${wait}`);
  expect(text).toContain("PAGE_ROWS = 2;");
  expect(text).toContain(wait);
  writeFileSync(file, text);
}

/** A process that has just begun makes all its objects anew at the first request. */
const PATIENT = { timeout: 30_000 };

async function open(context: BrowserContext, person: string, place = ""): Promise<Page> {
  const page = await context.newPage();
  const opened: string[] = [];
  sockets.set(page, opened);
  page.on("websocket", (socket) => void opened.push(new URL(socket.url()).pathname));
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("console", (message) => {
    if (message.type() === "error" && !NO_NETWORK.test(message.text())) complaints.push(message.text());
  });
  await page.goto(`${base}/?as=${person}${place}`);
  return page;
}

/** A window of its own storage, with the example. */
async function openExample(
  person: string,
  device: BrowserContextOptions = { viewport: { width: 1280, height: 800 } },
): Promise<{ readonly context: BrowserContext; readonly page: Page }> {
  const context = await browser.newContext(device);
  const page = await open(context, person);
  await page.getByText("Or begin with an example").click(PATIENT);
  await isStanding(page, "Live");
  await expect.poll(() => cards(page, "todo"), PATIENT).toHaveLength(5);
  return { context, page };
}

const cards = (page: Page, status: string) =>
  page.locator(`.column[data-status=${status}] .card .name`).allTextContents();
const standing = (page: Page) => page.locator(".sync").textContent();
const isStanding = (page: Page, text: string | RegExp) => expect.poll(() => standing(page), PATIENT).toMatch(text);
const card = (page: Page, title: string) => page.locator(".card", { hasText: title });

async function addTask(page: Page, title: string, column = "To do"): Promise<void> {
  await page.getByLabel(`New task in ${column}`).fill(title);
  await page.keyboard.press("Enter");
}

async function ask(person: string, request: string, body?: object): Promise<{ readonly [name: string]: unknown }> {
  const [method = "GET", path] = request.split(" ");
  const reply = await fetch(`${base}/api${path}`, {
    method,
    headers: { "content-type": "application/json", authorization: `Bearer dev:${person}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return JSON.parse((await reply.text()) || "{}");
}

async function taskOf(person: string, title: string): Promise<{ readonly [name: string]: unknown }> {
  const { items } = await ask(person, `GET /tasks?filter=${encodeURIComponent(`title=="${title}"`)}`);
  return (items as { readonly [name: string]: unknown }[])[0] ?? {};
}

/** Notes at each step in how many places a card is. */
const WATCH_CARD = (title: string) => `
places = new Set();
look = () => places.add([...document.querySelectorAll(".card .name")].filter((name) => name.textContent === ${JSON.stringify(title)}).length);
look();
new MutationObserver(look).observe(document.querySelector(".columns"), { childList: true, subtree: true });
`;

test("[RH1] [O8] [SDK14] [CC2] what one window does the other shows, over its sockets; a card that is dragged is in one column at every step, with a line in its history", async () => {
  const { context, page: writer } = await openExample("anna");
  const follower = await open(context, "anna");
  await expect.poll(() => cards(follower, "todo"), PATIENT).toHaveLength(5);
  await addTask(writer, "Dig <b>deep</b>");
  await expect.poll(() => cards(follower, "todo"), PATIENT).toContain("Dig <b>deep</b>");
  expect(sockets.get(writer)).toContain("/api/tasks/live");
  expect(sockets.get(follower)).toEqual([]);

  for (const page of [writer, follower]) await page.evaluate(WATCH_CARD("Turn the compost"));
  const from = (await card(writer, "Turn the compost").boundingBox())!;
  const onto = (await card(writer, "Rake the leaves").boundingBox())!;
  await writer.mouse.move(from.x + 40, from.y + 10);
  await writer.mouse.down();
  await writer.mouse.move(onto.x + 40, onto.y + 5, { steps: 12 });
  expect(await writer.locator(".ghost").textContent()).toBe("Turn the compost");
  await writer.mouse.up();
  const done = ["Plant garlic", "Turn the compost", "Rake the leaves under the walnut", "Bring the lemon tree inside"];
  for (const page of [writer, follower]) {
    await expect.poll(() => cards(page, "done"), PATIENT).toEqual(done);
    await isStanding(page, "Live");
    expect(await page.evaluate<number[]>("[...places]")).toEqual([1]);
  }
  await card(follower, "Turn the compost").locator("a").click();
  await expect
    .poll(() => follower.locator(".comments .moved").textContent(), PATIENT)
    .toMatch(/You moved it from Doing to Done/);
  await context.close();
}, 90_000);

/** 64 × 32. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAEAAAAAgCAIAAAAt/+nTAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAXklEQVRYhe2SUQkAQBSDlsT+URbrQtyHPBgYwMlSOE10g24AesXuQtwlukE3AL1idyHuEt2gG4BesbsQd4lu0A1Ar9hdiLtEN+gGoFfsLsRdoht0A9ArdhfiLtENPnkm4yB58/u2JAAAAABJRU5ErkJggg==";

const WIDE = `new File([Uint8Array.from(atob("${PNG}"), (character) => character.charCodeAt(0))], "wide.png", { type: "image/png" })`;
/** Puts a picture on the clipboard, as a program that takes screenshots does. */
const COPY_IMAGE = `navigator.clipboard.write([new ClipboardItem({ "image/png": ${WIDE} })])`;
/** Pastes what a spreadsheet puts on the clipboard, a text and its picture, where the focus is. */
const PASTE_BOTH = `
  both = new DataTransfer();
  both.items.add("text", "text/plain");
  both.items.add(${WIDE});
  document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: both, bubbles: true, cancelable: true }));
`;
/** Hands a file over as the system does by drag. */
const DROP = `
  data = new DataTransfer();
  data.items.add(${WIDE});
  document.querySelector(".files").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
`;

/** What progress bars show, one value after another. */
const RECORD_BARS = `
  window.bars = [];
  new MutationObserver((changes) => bars.push(...changes.map(({ target }) => target.value)))
    .observe(document.body, { subtree: true, attributeFilter: ["value"] });
`;

test("[FS15] [FS16] [RH8] files are chosen, pasted and dropped onto a task, shown with thumbnails and progress in every window, and removed", async () => {
  const { context, page } = await openExample("fanny");
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: base });
  await card(page, "Turn the compost").click();
  const follower = await open(context, "fanny");
  await card(follower, "Turn the compost").click();
  await expect.poll(() => follower.locator(".files").count(), PATIENT).toBe(1);
  const namesOf = (window: Page) => window.locator(".files a").allTextContents();
  const names = () => namesOf(page);
  const file = { name: "wide.png", mimeType: "image/png", buffer: Buffer.from(PNG, "base64") };
  // Keys reach the field that chooses files: it comes before the button that removes the task.
  await page.getByRole("button", { name: "Remove this task" }).focus();
  await page.keyboard.press("Shift+Tab");
  expect(await page.evaluate("document.activeElement.type")).toBe("file");
  await page.locator(".files input").setInputFiles([file]);
  await expect.poll(names, PATIENT).toEqual(["wide.png"]);
  await page.evaluate(COPY_IMAGE);
  // Wherever the focus is when a sheet has just been opened.
  await page.getByRole("button", { name: "Close" }).focus();
  await page.keyboard.press("Control+V");
  await expect.poll(names, PATIENT).toEqual(["image.png", "wide.png"]);
  // A picture of a text that goes into a text field is not a file of the task.
  await page.getByRole("textbox", { name: "Comment", exact: true }).focus();
  await page.evaluate(PASTE_BOTH);
  await page.evaluate(DROP);
  await expect.poll(names, PATIENT).toEqual(["image.png", "wide-2.png", "wide.png"]);
  // The other window has had its sheet open all the while.
  await expect.poll(() => namesOf(follower), PATIENT).toEqual(["image.png", "wide-2.png", "wide.png"]);
  await expect.poll(() => page.locator(".files progress").count(), PATIENT).toBe(0);
  if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, "files.png") });
  const width = () => page.evaluate<number>("document.querySelector('.files img').naturalWidth");
  await expect.poll(width, PATIENT).toBe(160);
  await page.getByRole("button", { name: "Remove wide-2.png" }).click();
  for (const window of [page, follower])
    await expect.poll(() => namesOf(window), PATIENT).toEqual(["image.png", "wide.png"]);
  await page.locator(".files input").setInputFiles([{ ...file, name: "page.html", mimeType: "text/html" }]);
  await expect.poll(() => page.locator(".files").innerText(), PATIENT).toContain("Files of type text/html");
  await page.getByRole("button", { name: "Cancel page.html" }).click();
  // The browser says so, too.
  expect(complaints.splice(0).filter((each) => !each.includes("415"))).toEqual([]);
  // Below what goes in parts, too, the bar moves while a slow network takes the bytes.
  await page.evaluate(RECORD_BARS);
  const network = await context.newCDPSession(page);
  const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 300_000 };
  await network.send("Network.emulateNetworkConditions", slow);
  await page
    .locator(".files input")
    .setInputFiles([{ ...file, buffer: Buffer.concat([file.buffer, Buffer.alloc(400_000)]), name: "slow.png" }]);
  await expect.poll(() => namesOf(page), PATIENT).toEqual(["image.png", "slow.png", "wide.png"]);
  const steps = await page.evaluate<number[]>("bars");
  expect(steps.filter((sent) => sent > 0 && sent < 400_000).length).toBeGreaterThan(1);
  expect(steps).toEqual(steps.toSorted((one, other) => one - other));
  await context.close();
}, 120_000);

test("[RH1] [TX1] a card is carried by keys: picked up, moved over columns, put down, opened, removed after a question; the focus goes with it, and on to the next; Escape leaves it where it was", async () => {
  const { context, page } = await openExample("berta");
  await card(page, "Find a place").locator("a").focus();
  for (const key of ["Space", "ArrowRight", "ArrowUp", "ArrowUp", "ArrowUp"]) await page.keyboard.press(key);
  await expect
    .poll(() => page.locator("main [role=status]").first().textContent())
    .toBe("Find a place for the rain barrel: Doing, place 1");
  await page.keyboard.press("Escape");
  const before = ["Turn the compost", "Mend the fence along the lane"];
  await expect.poll(() => cards(page, "doing"), PATIENT).toEqual(before);
  for (const key of ["Space", "ArrowRight", "ArrowUp", "Space"]) await page.keyboard.press(key);
  const moved = ["Turn the compost", "Find a place for the rain barrel", "Mend the fence along the lane"];
  await expect.poll(() => cards(page, "doing"), PATIENT).toEqual(moved);
  // The focus goes along, so that it can be carried on,
  const focused = () =>
    page.evaluate<string>("(document.activeElement.querySelector('.name') ?? document.activeElement).textContent");
  await expect.poll(focused).toMatch(/^Find a place/);
  // and goes on to the next card where somebody has removed its own, but not once it has been put elsewhere.
  const walk = async (title: string) => card(page, title).locator("a").focus();
  const removed = async (title: string) => {
    await ask("berta", `DELETE /tasks/${(await taskOf("berta", title)).id}`);
    await expect.poll(() => card(page, title).count(), PATIENT).toBe(0);
  };
  await walk("Plant garlic");
  await page.keyboard.press("ArrowDown");
  await removed("Rake the leaves under the walnut");
  expect(await focused()).toMatch(/^Bring the lemon/);
  await page.getByLabel("Search", { exact: true }).focus();
  await page.keyboard.press("Escape");
  await removed("Bring the lemon tree inside");
  expect(await page.evaluate("document.activeElement.tagName")).toBe("BODY");
  // A task is put away by going back, a second press does nothing more, and the focus is on its card, wherever that is now.
  const depth = () => page.evaluate<number>("navigation.currentEntry.index");
  const shallow = await depth();
  await walk("Sharpen the spade");
  await page.keyboard.press("Enter");
  await page.getByLabel("Column").selectOption("Done");
  await expect.poll(() => cards(page, "done"), PATIENT).toContain("Sharpen the spade and oil its handle");
  await page.evaluate("{ const close = document.querySelector('.sheet .bar button'); close.click(); close.click(); }");
  await expect.poll(() => page.locator("dialog").count()).toBe(0);
  expect([await depth(), await focused()]).toEqual([shallow, "Sharpen the spade and oil its handle"]);
  // It is removed after a question, whose first answer changes nothing.
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Remove this task" }).press("Enter");
  await expect.poll(focused).toBe("Keep it");
  await page.keyboard.press("Escape");
  await expect.poll(focused).toBe("Remove this task");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Remove it" }).press("Enter");
  await expect.poll(() => cards(page, "done"), PATIENT).toEqual(["Plant garlic"]);
  await expect.poll(focused).toBe("Plant garlic");
  await isStanding(page, "Live");
  await page.reload();
  await expect.poll(() => cards(page, "doing"), PATIENT).toEqual(moved);
  await context.close();
}, 90_000);

/** An Enter that takes a candidate of an input method, as Chromium tells of it and, after the composition, Safari. */
const CANDIDATE_ENTER = `
  for (const more of [{ isComposing: true }, { keyCode: 229 }])
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...more }));
`;

test("[RH1] what is typed into a task is one write, on what was shown when it was begun, however the task is left; Escape gives it up; a comment waits", async () => {
  const { context, page } = await openExample("olga");
  const sent: unknown[] = [];
  page.on("response", (reply) => {
    if (reply.request().method() === "PATCH" && reply.ok()) sent.push(reply.request().postDataJSON());
  });
  const task = await taskOf("olga", "Turn the compost");
  const open = () => card(page, "compost").locator("a").click();
  const [title, day, comment] = [
    page.getByLabel("Title"),
    page.getByLabel("Due"),
    page.getByRole("textbox", { name: "Comment", exact: true }),
  ];
  const sheet = page.locator("dialog[open]");
  const server = async (column: string) => (await ask("olga", `GET /tasks/${task.id}`))[column];
  await open();
  await day.focus();
  await page.keyboard.type("12252026");
  await page.keyboard.press("Enter");
  await expect.poll(() => server("dueAt"), PATIENT).toBe("2026-12-25T12:00:00.000Z");
  await day.blur();
  await day.focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.type("2027");
  await page.keyboard.press("Escape");
  expect([await day.inputValue(), await sheet.count()]).toEqual(["2026-12-25", 1]);
  // Half of a date is none, and takes nothing away.
  await page.keyboard.press("Backspace");
  await title.focus();
  expect(await day.inputValue()).toBe("2026-12-25");
  await page.getByText("That was no whole date").waitFor();

  // Others' title shows while nobody types, and what is typed then is typed on theirs.
  await ask("olga", `PATCH /tasks/${task.id}`, { title: "Warm compost" });
  await expect.poll(() => title.inputValue(), PATIENT).toBe("Warm compost");
  await page.keyboard.press("End");
  await page.keyboard.type(" heap");
  await page.evaluate(CANDIDATE_ENTER);
  await page.keyboard.type("s");
  await comment.fill("Half a comm");
  await day.focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.type("2028");
  await page.goBack();
  await expect.poll(() => sheet.count(), PATIENT).toBe(0);
  await expect.poll(() => server("dueAt"), PATIENT).toBe("2028-12-25T12:00:00.000Z");
  expect(await server("title")).toBe("Warm compost heaps");
  await isStanding(page, "Live");
  expect(sent).toEqual([
    { dueAt: "2026-12-25T12:00:00.000Z" },
    { title: "Warm compost heaps" },
    { dueAt: "2028-12-25T12:00:00.000Z" },
  ]);

  // To the top of another column, and the focus stays where somebody has pressed Enter.
  await open();
  expect(await comment.inputValue()).toBe("Half a comm");
  await page.getByLabel("Column").selectOption("Done");
  await expect.poll(async () => (await cards(page, "done"))[0], PATIENT).toBe("Warm compost heaps");
  await page.getByLabel("Shared with").fill("paul");
  await page.keyboard.press("Enter");
  await expect.poll(() => server("assigneeId"), PATIENT).toBe("paul");
  expect(await page.evaluate("document.activeElement.placeholder")).toBe("Id from their menu");

  // Somebody removes the task: what was typed is theirs to copy, and the write that had no task any more is shown.
  await title.fill("Compost for Paul");
  await ask("olga", `DELETE /tasks/${task.id}`);
  await expect.poll(() => page.locator(".unsaid").textContent(), PATIENT).toBe("Half a comm");
  expect(await page.evaluate("document.activeElement.className")).toBe("sheet");
  await isStanding(page, "1 refused");
  await page.getByRole("button", { name: "Discard it" }).click();
  await page.locator(".sync").click();
  expect(await page.locator(".refused .what").textContent()).toBe("Rename a task");
  expect(await page.locator(".refused .field").inputValue()).toBe("Compost for Paul");
  // The browser tells of that answer, too.
  expect(complaints.splice(0).filter((each) => !each.includes("404"))).toEqual([]);
  await context.close();
}, 60_000);

test("[RH1] [O2] on a phone: a finger takes a card by its grip to a column out of sight; what is added is in sight; what cannot be stored is said", async () => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const { context, page } = await openExample("tina", phone);
  const grip = (await card(page, "Order tulip").locator(".grip").boundingBox())!;
  const finger = await context.newCDPSession(page);
  const touch = (type: "touchStart" | "touchMove", x: number, y: number) =>
    finger.send("Input.dispatchTouchEvent", { type, touchPoints: [{ x, y }] });
  const y = grip.y + grip.height / 2;
  await touch("touchStart", grip.x + grip.width / 2, y);
  for (const x of [340, 360, 380]) await touch("touchMove", x, y);
  const leftOf = (status: string) => page.locator(`.column[data-status=${status}]`).boundingBox();
  await expect.poll(async () => (await leftOf("done"))?.x).toBeLessThan(100);
  await touch("touchMove", 200, y);
  await finger.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await expect.poll(() => cards(page, "done"), PATIENT).toContain("Order tulip bulbs before they are gone");
  for (const title of ["Rake", "Mulch", "Prune", "Sow", "Weed"]) await addTask(page, title, "Done");
  const hasRoom = "(([last, add]) => last.bottom <= add.top)";
  const places =
    "['.card:last-of-type', '.add'].map((what) => [...document.querySelectorAll('[data-status=done] ' + what)].at(-1).getBoundingClientRect())";
  await expect.poll(() => cards(page, "done")).toContain("Weed");
  await expect.poll(() => page.evaluate(`${hasRoom}(${places})`)).toBe(true);
  await page.evaluate("IDBObjectStore.prototype.add = () => { throw new DOMException('full', 'QuotaExceededError'); }");
  await addTask(page, "Too much", "Done");
  await expect.poll(() => page.locator(".notice").textContent()).toBe("It could not be stored in this browser");
  expect(await page.getByLabel("New task in Done").inputValue()).toBe("Too much");
  // The notice comes at once, the column with the next frame.
  await expect.poll(() => cards(page, "done")).not.toContain("Too much");
  await card(page, "Weed").locator("a").click();
  await page.getByLabel("Title").fill("Too much");
  await page.keyboard.press("Enter");
  await expect.poll(() => page.locator(".notice").textContent()).toBe("The title could not be stored in this browser");
  expect(await page.getByLabel("Title").inputValue()).toBe("Too much");
  await context.close();
}, 60_000);

test("[RH1] a task that is added to a column that is not all drawn goes to its end, behind all that others see", async () => {
  const { context, page } = await openExample("nora");
  const { projectId } = await taskOf("nora", "Order tulip bulbs before they are gone");
  const items = Array.from({ length: 120 }, (_, index) => {
    return { projectId, title: `Row ${index}`, status: "todo", position: `W${String(index).padStart(3, "0")}` };
  });
  for (const from of [0, 40, 80]) await ask("nora", "POST /tasks/batch", { items: items.slice(from, from + 40) });
  await page.reload();
  await expect.poll(async () => (await cards(page, "todo")).length, PATIENT).toBe(100);
  await expect.poll(() => page.locator(".column[data-status=todo] .count").textContent(), PATIENT).toBe("125");
  for (const title of ["Last but one", "Last"]) {
    await addTask(page, title);
    await expect.poll(() => page.locator(".notice").textContent()).toBe("Added at the end of To do");
  }
  await isStanding(page, "Live");
  const path = `/tasks?orderBy=position,id&limit=200&filter=${encodeURIComponent(`projectId=="${projectId}";status=="todo"`)}`;
  const atEnd = async () =>
    ((await ask("nora", `GET ${path}`)).items as { readonly title: string }[]).map(({ title }) => title).slice(-3);
  await expect.poll(atEnd, PATIENT).toEqual(["Row 119", "Last but one", "Last"]);
  await context.close();
}, 60_000);

test("[O2] [O7] [RH1] without a network work goes on and says so; windows are closed and opened again, and all of it is saved once there is one; a full disk costs no page", async () => {
  const { context, page } = await openExample("carla");
  // The page itself is kept by its first visit.
  await expect.poll(() => page.evaluate("caches.match(location.href).then((kept) => kept?.status)"), PATIENT).toBe(200);
  await expect.poll(() => page.evaluate(KEPT_TEXT), PATIENT).toContain("Bring the lemon tree inside");
  await context.setOffline(true);
  await addTask(page, "Buy twine");
  await addTask(page, "Buy stakes");
  await expect.poll(() => cards(page, "todo")).toEqual(expect.arrayContaining(["Buy twine", "Buy stakes"]));
  await isStanding(page, "Offline · 2 unsent");
  expect(await card(page, "Buy twine").locator(".pending").textContent()).toBe("Not saved yet");
  await page.close();

  const again = await open(context, "carla");
  await isStanding(again, "Offline · 2 unsent");
  // What was seen is there, and what was written lies over it.
  await expect.poll(() => cards(again, "todo"), PATIENT).toHaveLength(7);
  expect(await cards(again, "done")).toHaveLength(3);
  await context.setOffline(false);
  await isStanding(again, "Live");
  await expect.poll(() => cards(again, "todo"), PATIENT).toHaveLength(7);
  expect(await ask("carla", `GET /tasks/count?filter=${encodeURIComponent('title=startswith="Buy"')}`)).toMatchObject({
    count: 2,
  });

  // A disk that is full costs no page: what the server says is given, whether it can be kept or not.
  const browsing = await context.newCDPSession(again);
  await browsing.send("Storage.overrideQuotaForOrigin", { origin: base, quotaSize: 1000 });
  await again.reload();
  await expect.poll(() => cards(again, "todo"), PATIENT).toHaveLength(7);
  await context.close();
}, 120_000);

test("[O3] [O5] [RH4] two windows rename a card, one of them without a network: it is told what stands there, and decides; what both can have is kept, also by a browser whose data was cleared", async () => {
  const { context, page: away } = await openExample("dora");
  const other = await browser.newContext();
  const here = await open(other, "dora");
  await expect.poll(() => cards(here, "todo"), PATIENT).toHaveLength(5);
  await context.setOffline(true);
  await card(away, "Draw a plan").locator("a").click();
  await away.getByLabel("Title").fill("Draw two plans");
  await away.keyboard.press("Enter");
  await isStanding(away, "Offline · 1 unsent");
  await card(here, "Draw a plan").locator("a").click();
  await here.getByLabel("Title").fill("Draw no plan");
  await here.keyboard.press("Enter");
  await isStanding(here, "Live");
  await context.setOffline(false);
  await isStanding(away, "1 refused");
  await away.keyboard.press("Escape");
  await away.locator(".sync").click();
  await expect
    .poll(() => away.locator(".refused .why").textContent())
    .toBe("Somebody else changed it meanwhile: title is now “Draw no plan”.");
  await expect.poll(() => cards(away, "todo"), PATIENT).toContain("Draw no plan");
  await away.getByText("Keep mine").press("Enter");
  await expect.poll(() => cards(here, "todo"), PATIENT).toContain("Draw two plans");
  await isStanding(away, "Live");
  // The button is gone, the focus is not.
  expect(await away.evaluate("document.activeElement.className")).toContain("writes");

  // A card is dragged without a network, and renamed in the other window: these go together.
  await away.keyboard.press("Escape");
  await context.setOffline(true);
  const from = (await card(away, "Turn the compost").boundingBox())!;
  const onto = (await card(away, "Rake the leaves").boundingBox())!;
  await away.mouse.move(from.x + 40, from.y + 10);
  await away.mouse.down();
  await away.mouse.move(onto.x + 40, onto.y + 5, { steps: 12 });
  await away.mouse.up();
  await isStanding(away, "Offline · 1 unsent");
  await here.keyboard.press("Escape");
  await card(here, "Turn the compost").locator("a").click();
  await here.getByLabel("Title").fill("Turn the warm compost");
  await here.keyboard.press("Enter");
  await isStanding(here, "Live");
  await away.evaluate(`
    said = [];
    new MutationObserver(() => said.push(document.querySelector(".sync").textContent)).observe(document.querySelector(".sync"), { childList: true, subtree: true, characterData: true });
  `);
  await context.setOffline(false);
  for (const page of [away, here])
    await expect.poll(() => cards(page, "done"), PATIENT).toContain("Turn the warm compost");
  await isStanding(away, "Live");
  expect(((await away.evaluate("said")) as string[]).filter((text) => text.includes("refused"))).toEqual([]);
  expect(await taskOf("dora", "Turn the warm compost")).toMatchObject({ status: "done" });
  expect(await cards(away, "doing")).toEqual(["Mend the fence along the lane"]);

  // The person clears what the browser holds of the site; the page stays open.
  const browsing = await context.newCDPSession(away);
  await browsing.send("Storage.clearDataForOrigin", { origin: base, storageTypes: "all" });
  for (const title of ["After one", "After two"]) await addTask(away, title);
  for (const title of ["After one", "After two"])
    await expect.poll(async () => (await taskOf("dora", title)).title, PATIENT).toBe(title);
  await isStanding(away, "Live");
  expect((await cards(away, "todo")).slice(-2)).toEqual(["After one", "After two"]);
  await context.close();
  await other.close();
}, 120_000);

test("[LV1] [RH1] a task that is shared is there at once, and gone from page and browser as soon as it is not", async () => {
  const { context, page: owner } = await openExample("emil");
  const guests = await browser.newContext();
  const guest = await open(guests, "frida", "#board=assigned");
  await expect.poll(() => guest.locator(".nothing").textContent(), PATIENT).toMatch(/Nobody has shared/);
  await card(owner, "Plant garlic").locator("a").click();
  await owner.getByLabel("Shared with").fill("frida");
  await owner.keyboard.press("Enter");
  await expect.poll(() => guest.locator(".rows .name").allTextContents(), PATIENT).toEqual(["Plant garlic"]);
  await expect.poll(() => guest.evaluate(KEPT_TEXT), PATIENT).toContain("Plant garlic");
  await guest.locator(".rows .open").click();
  await guest.getByLabel("Column").selectOption("Doing");
  await expect.poll(() => cards(owner, "doing"), PATIENT).toContain("Plant garlic");
  await owner.getByLabel("Shared with").fill("");
  await owner.keyboard.press("Enter");
  await expect.poll(() => guest.locator(".rows .name").count(), PATIENT).toBe(0);
  await expect.poll(() => guest.locator(".sheet").textContent(), PATIENT).toMatch(/not here any more, or not shared/);
  await expect.poll(() => guest.evaluate(KEPT_TEXT), PATIENT).not.toContain("Plant garlic");
  await context.close();
  await guests.close();
}, 90_000);

/** All that the browser keeps of the page in IndexedDB, as text. */
const KEPT_TEXT = `(async () => {
  const texts = [];
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((resolve) => { const ask = indexedDB.open(name); ask.onsuccess = () => resolve(ask.result); });
    for (const store of database.objectStoreNames) {
      const rows = await new Promise((resolve) => { const ask = database.transaction(store).objectStore(store).getAll(); ask.onsuccess = () => resolve(ask.result); });
      texts.push(JSON.stringify(rows));
    }
    database.close();
  }
  return texts.join("\\n");
})()`;

/** Kills it when it serves: each kill is of a server at work, none of one that is still starting. */
async function crashServer(): Promise<void> {
  const serves = async () => (await fetch(`${base}/healthz`).catch(() => null))?.ok ?? false;
  await expect.poll(serves, PATIENT).toBe(true);
  crashWorkerd(copy.root);
}

test("[O2] the server is killed with -9 in the middle of edits: each takes place once, and the window catches up by itself", async () => {
  const { context, page } = await openExample("gerd");
  for (let n = 0; n < 12; n++) {
    await addTask(page, `Task ${n}`, "Doing");
    if (n % 4 === 1) await crashServer();
  }
  await expect.poll(() => standing(page), { timeout: 60_000 }).toBe("Live");
  const expected = Array.from({ length: 12 }, (_, n) => `Task ${n}`);
  expect((await cards(page, "doing")).slice(2)).toEqual(expected);
  const { items } = await ask(
    "gerd",
    `GET /tasks?orderBy=position&limit=100&filter=${encodeURIComponent('title=startswith="Task "')}`,
  );
  expect((items as { title: string }[]).map(({ title }) => title)).toEqual(expected);
  await context.close();
}, 120_000);

test("[RH2] ten thousand tasks are scrolled to the last, with those in sight alone in the page, and stay live", async () => {
  const { id: projectId } = await ask("hanna", "POST /projects", { name: "Many" });
  for (let first = 0; first < 10_000; first += 1000) {
    const batch = (from: number) =>
      Array.from({ length: 100 }, (_, index) => ({ projectId, title: `Task ${from + index}` }));
    await Promise.all(
      Array.from({ length: 10 }, (_, part) => ask("hanna", "POST /tasks/batch", { items: batch(first + part * 100) })),
    );
  }
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await open(context, "hanna", `#board=${projectId}&view=list`);
  await expect.poll(() => page.locator(".title .sum").textContent(), PATIENT).toMatch(/^10,000 to do/);
  await expect.poll(() => page.locator(".rows .row").count(), PATIENT).toBeGreaterThan(10);
  const end = `rows = document.querySelector(".rows"); rows.scrollTop = rows.scrollHeight; rows.querySelector("[aria-posinset='10000']") !== null`;
  await expect.poll(() => page.evaluate(end), { timeout: 60_000 }).toBe(true);
  expect(await page.locator(".rows .row").count()).toBeLessThan(60);
  const last = await page.locator(".rows .row .name").last().textContent();
  const { id } = await taskOf("hanna", String(last));
  await ask("hanna", `PATCH /tasks/${id}`, { title: "The last of all" });
  await expect.poll(() => page.locator(".rows .row .name").last().textContent(), PATIENT).toBe("The last of all");
  await context.close();
}, 150_000);

test("[RH5] a search finds tasks as somebody types, and opens them by keys; without a network it says so, and finds them once there is one", async () => {
  const { context, page } = await openExample("ida");
  await page.keyboard.press("/");
  await page.keyboard.type("turn comp");
  await expect.poll(() => page.locator(".search .item").count(), PATIENT).toBe(1);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect.poll(() => page.getByLabel("Title").inputValue(), PATIENT).toBe("Turn the compost");
  await page.keyboard.press("Escape");
  const found = () => page.locator(".search .panel").innerText();
  await page.getByLabel("Search", { exact: true }).fill("garlic");
  await expect.poll(found, PATIENT).toMatch(/^Plant garlic/);
  await context.setOffline(true);
  await page.getByLabel("Search", { exact: true }).fill("lemon");
  await expect.poll(found, PATIENT).toBe("Search needs the server.");
  await context.setOffline(false);
  await expect.poll(found, PATIENT).toMatch(/^Bring the lemon tree inside/);
  await context.close();
}, 60_000);

test("[S9] [RM1] a search finds boards, comments and files too, a report counts all boards, and a stranger finds none of it", async () => {
  const { context, page } = await openExample("kim");
  const task = await taskOf("kim", "Turn the compost");
  await ask("kim", "POST /comments", { taskId: task.id, body: "A zebrafinch nests in it" });
  await fetch(`${base}/api/tasks/${task.id}/attachments/zebra.txt`, {
    method: "PUT",
    headers: { "content-type": "text/plain", authorization: "Bearer dev:kim" },
    body: "stripes",
  });
  const yesterday = new Date(Date.now() - 86_400_000).toISOString();
  await ask("kim", "POST /projects", { name: "Zebra crossing" });
  await ask("kim", `PATCH /tasks/${task.id}`, { dueAt: yesterday });
  const found = async (person: string) => {
    const { results } = await ask(person, "GET /search?q=zebra*");
    return Object.values(results as Record<string, { readonly items: readonly object[] }>).flatMap(
      ({ items }) => items,
    );
  };
  await expect.poll(async () => (await found("kim")).length, PATIENT).toBe(3);
  expect(await found("lou")).toEqual([]);
  await page.getByLabel("Search", { exact: true }).fill("zebra");
  const kinds = () => page.locator(".search .item .badge").allTextContents();
  await expect.poll(kinds, PATIENT).toEqual(["Board", "Comment", "File"]);
  await page.locator(".search .item").filter({ hasText: "zebra.txt" }).click();
  await expect.poll(() => page.getByLabel("Title").inputValue(), PATIENT).toBe("Turn the compost");
  await page.keyboard.press("Escape");
  await page.locator(".boards-button").click();
  const report = () => page.locator(".report tbody tr").allTextContents();
  await expect.poll(report, PATIENT).toContainEqual(expect.stringMatching(/^Zebra crossing000$/));
  expect(await report()).toContainEqual(expect.stringMatching(/^.*garden.*[1-9]1[0-9]$/i));
  await context.close();
}, 90_000);

test("[J7] [J11] [J15] the tasks of a board are exported as a file: the export waits, is stopped, is made with a bar that moves, survives a reload, and holds what the board shows", async () => {
  const { context, page } = await openExample("jana");
  await ask("jana", `DELETE /tasks/${(await taskOf("jana", "Plant garlic")).id}`);
  const status = () => page.locator(".export [role=status]").textContent();
  const operate = async (verb: string) => {
    const [body, headers] = [JSON.stringify({ name: "export-tasks" }), { "content-type": "application/json" }];
    expect((await fetch(`${base}/_/jobs/${verb}`, { method: "POST", body, headers })).status).toBe(200);
  };
  const begin = async () => {
    await page.locator(".boards-button").click();
    await page.getByText("Export all tasks as a file").press("Enter");
  };
  await operate("pause");
  await begin();
  await expect.poll(status, PATIENT).toBe("Waits for its turn …");
  expect(await page.getByRole("progressbar", { name: "Progress of the export" }).count()).toBe(1);
  // The button that was pressed is gone, the focus is not.
  expect(await page.evaluate("document.activeElement.className")).toBe("export");
  await page.getByRole("button", { name: "Stop" }).press("Enter");
  await expect.poll(status, PATIENT).toBe("The export was stopped.");
  await page.getByRole("button", { name: "Put away" }).press("Enter");
  await page.keyboard.press("Escape");
  await operate("resume");
  await page.evaluate(`{
    window.shown = [];
    const look = () => {
      const [bar, note] = [document.querySelector(".export progress"), document.querySelector(".export .bar span")];
      const text = bar?.hasAttribute("value") ? bar.value + " %, " + note.textContent : "";
      if (text !== "" && window.shown.at(-1) !== text) window.shown.push(text);
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
  }`);
  await begin();
  await expect.poll(status, PATIENT).toBe("9 tasks are exported.");
  const shown = ((await page.evaluate("window.shown")) as string[]).filter((text) => / of 9 tasks$/.test(text));
  const percents = shown.map((text) => Number.parseInt(text, 10)).filter((percent) => percent < 100);
  expect(percents.length, `the bar showed ${shown.join("; ")}`).toBeGreaterThan(1);
  expect(percents, "it never goes back").toEqual([...percents].sort((a, b) => a - b));
  await page.reload();
  await page.locator(".boards-button").click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByText("Download", { exact: true }).click(),
  ]);
  expect(file.suggestedFilename()).toMatch(/\.csv$/);
  const text = readFileSync(await file.path(), "utf8");
  expect(text).toMatch(/^\uFEFFid,title,status\r\n/);
  expect(text).toContain(",Turn the compost,doing\r\n");
  expect(text).not.toContain("Plant garlic");
  await context.close();
}, 60_000);

test("[RH1] a task that opens speaks of no connection while it is asked for; a board that is gone leads back; colours that a person has set hide nothing", async () => {
  const { context, page } = await openExample("hedwig");
  await page.emulateMedia({ forcedColors: "active" });
  const outlines = `[...document.querySelectorAll(".views a")].map((each) => getComputedStyle(each).outlineStyle)`;
  expect(await page.evaluate(outlines)).toEqual(["solid", "none"]);
  const fillings = `[".sync .dot", "body"].map((each) => getComputedStyle(document.querySelector(each)).backgroundColor)`;
  const [dot, sheet] = await page.evaluate<string[]>(fillings);
  expect(dot).not.toBe(sheet);
  if (PICTURES !== undefined) await page.screenshot({ path: `${PICTURES}/forced-colours.png` });
  await page.evaluate(`
    globalThis.said = [];
    new MutationObserver(() => said.push(document.querySelector(".sheet [role=status]")?.textContent ?? ""))
      .observe(document.body, { subtree: true, childList: true, characterData: true });
  `);
  await card(page, "Turn the compost").locator("a").click();
  await page.getByLabel("Shared with").waitFor();
  expect(new Set(await page.evaluate<string[]>("said"))).toEqual(new Set([""]));
  await page.evaluate(`location.hash = "#board=01930000-0000-7000-8000-000000000001"`);
  await page.getByRole("heading", { name: "This board is not here any more" }).waitFor();
  await page.getByText("To your boards").click();
  await page.getByRole("heading", { name: "The garden in autumn" }).waitFor();
  await context.close();
}, 60_000);

test("[RH1] every page is clean to axe, in both colour schemes, at a desk and on a phone", async () => {
  const found: string[] = [];
  for (const [colorScheme, width] of [
    ["light", 1280],
    ["dark", 390],
  ] as const) {
    // The policy of the pages lets no script in but their own: axe would be one.
    const context = await browser.newContext({ viewport: { width, height: 844 }, colorScheme, bypassCSP: true });
    const person = `axe-${colorScheme}`;
    await context.route("**/api/**", (route) => route.abort());
    const page = await open(context, person);
    const look = async (name: string) => {
      // Not while something appears or goes.
      await page.evaluate(
        "Promise.all(document.getAnimations().map((each) => each.effect.getTiming().iterations === 1 && each.finished))",
      );
      if (PICTURES !== undefined) {
        mkdirSync(PICTURES, { recursive: true });
        await page.screenshot({ path: `${PICTURES}/${name}-${width}-${colorScheme}.png` });
      }
      if ((await page.evaluate("typeof axe")) === "undefined") await page.evaluate(AXE);
      // The sheets of styles are the page's own, so nothing has to be loaded anew; nor is each element that is well to be described.
      const { violations, passes } = await page.evaluate<Axe>(
        'axe.run({ preload: false, resultTypes: ["violations"] })',
      );
      expect(passes.length).toBeGreaterThan(5);
      found.push(...violations.map(({ id, nodes }) => `${name} ${colorScheme} ${width}: ${id} ${nodes[0]?.html}`));
    };
    await page.locator(".bone").first().waitFor();
    await look("loading");
    await context.unroute("**/api/**");
    await page.reload();
    await page.getByText("Or begin with an example").waitFor();
    await look("welcome");
    await page.getByText("Or begin with an example").click();
    await isStanding(page, "Live");
    await look("board");
    await page.locator(".boards-button").click();
    await page.locator(".report td").first().waitFor();
    await page.getByText("Export all tasks as a file").click();
    await page.locator(".export a").waitFor();
    await look("export");
    await page.keyboard.press("Escape");
    await card(page, "Turn the compost").locator("a").focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("ArrowDown");
    await look("lifted");
    await page.keyboard.press("Escape");
    await card(page, "Turn the compost").locator("a").click();
    await page.locator(".comments li").first().waitFor();
    await look("task");
    await page.keyboard.press("Escape");
    await page.evaluate(`address = location.hash; location.hash = "#board=01930000-0000-7000-8000-000000000001"`);
    await page.getByText("This board is not here any more").waitFor();
    await look("gone");
    await page.evaluate("location.hash = address");
    await page.locator(".views").getByText("List").click();
    await page.locator(".rows .row").first().waitFor();
    await look("list");
    await page.getByLabel("Search", { exact: true }).fill("the");
    await page.locator(".search .item").first().waitFor();
    await look("search");
    await page.getByLabel("Search", { exact: true }).fill("");
    await page.locator(".views").getByText("Board").click();
    await context.setOffline(true);
    await addTask(page, "Buy twine");
    await isStanding(page, "Offline · 1 unsent");
    await page.locator(".sync").click();
    await look("offline");
    // Keys scroll what waits, where there is more than room.
    await page.setViewportSize({ width, height: 200 });
    await look("offline-low");
    await page.setViewportSize({ width, height: 844 });
    await page.keyboard.press("Escape");
    await page.locator(".boards-button").click();
    await look("boards");
    await page.keyboard.press("Escape");
    await page.locator(".face").click();
    await look("person");
    await context.setOffline(false);
    for (const path of [
      "about",
      "sign-in",
      "sign-up",
      "forgot-password",
      "check-mail",
      "reset-password?token=t",
      "verify-email?token=t",
    ]) {
      await page.goto(`${base}/${path}`);
      await look(path.split("?")[0] ?? path);
    }
    await context.close();
  }
  expect(found).toEqual([]);
}, 120_000);

interface Axe {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
  readonly passes: readonly unknown[];
}
