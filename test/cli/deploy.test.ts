/** `npm run deploy`: one command on an account that has nothing, and again; with the real wrangler over a fake of Cloudflare's API. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Deployment, deploy, type RunWrangler } from "../../src/cli/deploy/deploy.ts";
import { afterUpload } from "../../src/cli/generate/expand-d1.ts";
import { type FreshCopy, freshCopy } from "../e2e/fresh-copy.ts";
import { type FakeCloudflare, fakeCloudflare } from "../support/fake-cloudflare.ts";

describe("a deployment over wrangler", () => {
  let copy: FreshCopy;
  let cloudflare: FakeCloudflare;
  beforeAll(async () => {
    copy = freshCopy("installed");
    cloudflare = await fakeCloudflare();
  });
  afterAll(async () => {
    await cloudflare.close();
    copy.remove();
  });

  async function deployHere(): Promise<{ readonly code: number; readonly said: string }> {
    const child = spawn(process.execPath, ["--no-warnings", "src/cli/ledge.ts", "deploy"], {
      cwd: copy.root,
      env: { ...process.env, ...cloudflare.env, CI: "true", NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
    const [code] = (await once(child, "close")) as [number];
    return { code, said };
  }

  it("[CLI9] makes database, bucket, queues and secret on an empty account and migrates, and changes none of them the next time", async () => {
    const { account } = cloudflare;
    const folder = join(copy.root, "migrations/d1");
    // As a fork has them: one that waited for an upload long ago is none of today's.
    writeFileSync(join(folder, "9000_was.sql"), afterUpload("ALTER TABLE rm_copies ADD title text;\n"));
    const first = await deployHere();
    expect(first.code, first.said).toBe(0);
    expect(account.queues.map(({ queue_name }) => queue_name).sort()).toEqual(["ledge-jobs", "ledge-read-model"]);
    // Each has the Worker as its consumer.
    expect(account.queues.map(({ consumers }) => consumers.length)).toEqual([1, 1]);
    expect(account.databases.map(({ name }) => name)).toEqual(["ledge-ledge-d1"]);
    expect(account.buckets).toEqual(["ledge-ledge-files"]);
    expect(account.secrets).toEqual(["LEDGE_SECRET"]);
    expect(account.sql.join()).toContain("CREATE TABLE `rm_copies`");
    const made = account.asked.filter((each) => each.startsWith("POST /d1/database") && !each.endsWith("query"));
    expect(made.length).toBe(1);

    // A column comes, and another goes: the Worker that runs still reads the one, the new one reads the other.
    const columns = () =>
      account.d1.prepare("SELECT name FROM pragma_table_info('rm_copies')").all().flatMap(Object.values);
    expect(columns()).toContain("title");
    writeFileSync(join(folder, "9001_add.sql"), "ALTER TABLE rm_copies ADD mood text;\n");
    writeFileSync(join(folder, "9002_drop.sql"), afterUpload("ALTER TABLE rm_copies DROP COLUMN title;\n"));
    account.sql.length = 0;
    const second = await deployHere();
    expect(second.code, second.said).toBe(0);
    expect(account.uploads).toBe(2);
    const places = ["ADD mood", "-- upload", "DROP COLUMN title"].map((text) =>
      account.sql.findIndex((sql) => sql.includes(text)),
    );
    expect(places[0]).toBeGreaterThanOrEqual(0);
    expect(places, account.sql.join("\n")).toEqual([...places].sort((a, b) => a - b));
    expect(columns()).toContain("mood");
    expect(columns()).not.toContain("title");
    expect([account.queues.length, account.databases.length, account.buckets.length]).toEqual([2, 1, 1]);
    // The secret stays: cursors and sessions made with it go on.
    expect(account.secrets).toEqual(["LEDGE_SECRET"]);
    const bindings = account.bindings.map(({ name }) => name);
    for (const name of ["LEDGE_TABLES", "LEDGE_D1", "LEDGE_FILES", "LEDGE_QUEUE", "LEDGE_READ_MODEL_QUEUE"])
      expect(bindings).toContain(name);
  });

  it("[CLI9] every queue that is consumed is produced to, which is what has wrangler make it", () => {
    const text = readFileSync(join(copy.root, "wrangler.toml"), "utf8");
    const queues = (part: string) =>
      [...text.matchAll(new RegExp(`^\\[\\[queues\\.${part}\\]\\](?:\\n\\w+ = .*)*?\\nqueue = "(.*)"`, "gm"))].map(
        ([, name]) => name,
      );
    expect(queues("consumers")).toEqual(["ledge-jobs", "ledge-read-model"]);
    expect(queues("producers")).toEqual(queues("consumers"));
  });
});

describe("the order of a deployment", () => {
  /** Answers by the first words of each command, and notes all. */
  function attempt(
    answers: Readonly<Record<string, { readonly status: number; readonly output: string }[]>>,
    migrations: Deployment["migrations"] = [],
  ) {
    const ran: string[] = [];
    const said: string[] = [];
    const run: RunWrangler = (args) => {
      const line = args.join(" ");
      ran.push(line);
      const key = Object.keys(answers).find((start) => line.startsWith(start)) ?? "";
      return answers[key]?.shift() ?? { status: 0, output: "" };
    };
    const deployment: Deployment = {
      run,
      withSecret: (use) => use("secrets.json"),
      migrations,
      withMigrations: (names, use) => use(names.join("+")),
      say: (line) => void said.push(line),
      words: [],
      environment: [],
    };
    return { ran, said, result: () => deploy(deployment) };
  }
  const hasSecret = { status: 0, output: '[{"name": "LEDGE_SECRET", "type": "secret_text"}]' };

  it("[CLI9] migrates before the upload that needs it, and uploads nothing when that fails", () => {
    const good = attempt({ "secret list": [hasSecret] });
    expect(good.result()).toBe(0);
    expect(good.ran).toEqual(["secret list --format json", "d1 migrations apply LEDGE_D1 --remote", "deploy"]);
    const bad = attempt({ "secret list": [hasSecret], d1: [{ status: 1, output: 'near "TABEL": syntax error' }] });
    expect(bad.result).toThrow(/migrations of D1 could not be applied.*syntax error/s);
    expect(bad.ran).not.toContain("deploy");
  });

  const [a, b, c] = ["0001_a.sql", "0002_b.sql", "0003_c.sql"].map((name) => ({ name, isLater: false }));
  const later = { name: "0002_b.sql", isLater: true };
  it.each([
    ["nothing waits", [a, b, c], null, ["apply", "deploy"]],
    ["what waits is there already", [a, later, c], [c], ["list", "apply", "deploy"]],
    [
      "one waits, and holds up what is behind it",
      [a, later, c],
      [a, later, c],
      ["list", "0001_a.sql", "deploy", "apply"],
    ],
    ["it is the next", [a, later, c], [later, c], ["list", "deploy", "apply"]],
  ] as const)("[CLI9] [RM4] what takes away from D1 follows the upload: %s", (_, files, pending, expected) => {
    const output = (pending ?? []).map((each) => `│ ${each?.name} │`).join("\n");
    const list = [{ status: 0, output }];
    const tried = attempt(
      { "secret list": [hasSecret], "d1 migrations list": list },
      files as Deployment["migrations"],
    );
    expect(tried.result()).toBe(0);
    const words = tried.ran
      .slice(1)
      .map((line) => / --config (.*)$/.exec(line)?.[1] ?? /apply|list|deploy/.exec(line)?.[0]);
    expect(words).toEqual(expected);
  });

  it("[CLI9] [RM4] an upload that fails leaves D1 with all that the Worker reads, and a migration that fails after one says so", () => {
    const list = () => [{ status: 0, output: "0002_b.sql" }];
    const failed = attempt(
      { "secret list": [hasSecret], "d1 migrations list": list(), deploy: [{ status: 7, output: "" }] },
      [later],
    );
    expect(failed.result()).toBe(7);
    expect(failed.ran.join()).not.toContain("apply");
    const bad = [{ status: 1, output: "no such column" }];
    const late = attempt({ "secret list": [hasSecret], "d1 migrations list": list(), "d1 migrations apply": bad }, [
      later,
    ]);
    expect(late.result).toThrow(/The Worker was uploaded.*no such column/s);
    const fresh = attempt(
      {
        "secret list": [hasSecret],
        "d1 migrations list": [{ status: 1, output: "Couldn't find an auto-provisioned D1 DB" }],
      },
      [later],
    );
    expect(fresh.result()).toBe(0);
    expect(fresh.ran.at(-1)).toBe("d1 migrations apply LEDGE_D1 --remote");
  });

  it("[CLI9] who is not signed in is told what to do, and nothing is made", () => {
    const stranger = attempt({ "secret list": [{ status: 1, output: "You are not logged in." }] });
    expect(stranger.result).toThrow(/npx wrangler login.*not logged in/s);
    expect(stranger.ran.length).toBe(1);
  });

  it("[CLI9] an upload that fails is its exit code, and the database is left alone", () => {
    const failed = attempt({
      "secret list": [{ status: 1, output: "This Worker does not exist [code: 10007]" }],
      d1: [{ status: 1, output: "Couldn't find an auto-provisioned D1 DB named 'ledge-ledge-d1'" }],
      deploy: [{ status: 7, output: "" }],
    });
    expect(failed.result()).toBe(7);
    expect(failed.ran.at(-1)).toBe("deploy --secrets-file secrets.json");
    expect(failed.said.join()).toContain("LEDGE_SECRET is not set");
  });
});
