/** `npm run cost`: prints the tables of docs/cost.md; with `--write` they replace what stands there between the markers. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { costPage } from "./cost-page.ts";
import { writeReport } from "./write-report.ts";

const text = costPage(readFileSync(join(import.meta.dirname, "../../docs/benchmarks.md"), "utf8"));
if (process.argv.includes("--write")) writeReport("cost", text);
else console.log(text);
