/**
 * What holds of every reply, whatever was asked: a declared status, problems of the closed form, the headers that all replies
 * carry, and nothing in it of the inside or of what belongs to others. Returns what is wrong, in words.
 */

import { PROBLEMS } from "../../src/core/protocol/problem-table.ts";
import { CANARY, VICTIM } from "./fuzz-app.ts";

export interface Seen {
  readonly method: string;
  readonly path: string;
  /** Everything that was sent, as one text: what comes back of it is no leak. */
  readonly sent: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Members of a problem beyond those that all have (docs/http.md, Problems). */
const EXTRAS: Readonly<Record<string, readonly string[]>> = {
  "validation-error": ["errors", "index"],
  "malformed-body": ["position"],
  "filter-parse-error": [
    "parameter",
    "reason",
    "position",
    "length",
    "suggestion",
    "allowedOperators",
    "allowedFields",
  ],
  "cursor-invalid": ["reason"],
  "batch-limit-exceeded": ["operation", "limit", "requested"],
  "transaction-limit-exceeded": ["limit", "max", "actual"],
  "subscription-limit-exceeded": ["limit", "max"],
  "query-too-expensive": ["examined", "limit"],
  unauthorized: ["reason"],
  forbidden: ["operation", "reason", "index"],
  "not-found": ["resource", "id", "index"],
  conflict: ["reason", "id", "field", "fields", "index"],
  "idempotency-in-progress": ["retryAfter"],
  "precondition-failed": ["currentETag", "id", "reason", "index"],
  "payload-too-large": ["limit", "actual", "index"],
  "unsupported-media-type": ["supported"],
  "range-not-satisfiable": ["size"],
  "precondition-required": ["header", "index"],
  "rate-limit-exceeded": ["retryAfter"],
  overloaded: ["retryAfter"],
  unavailable: ["retryAfter"],
  "read-behind": ["retryAfter"],
  "outcome-unknown": ["retryAfter", "idempotencyKey"],
};
/** Which operation of a list it was. */
const OF_OPERATIONS = ["index", "as"];
const COMMON = ["type", "title", "status", "detail", "code", "instance", "requestId"];
const NEEDED = ["type", "title", "status", "code", "instance", "requestId"];
const SUCCESS = new Set([101, 200, 201, 204, 206, 207, 304]);

/** Traces of the inside: stacks, SQL, files, secrets, own tables, other people. */
const LEAKS = [
  /SQLITE_|no such (?:table|column)|unrecognized token|near "[^"]*": syntax/i,
  /\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|PRAGMA)\b[^"]{0,80}\b(?:FROM|VALUES|SET|WHERE)\b/,
  /sqlite_master|\b_(?:log|meta|replies|retries|timers|ids|migrations|objects|placements)\b/,
  /\n\s+at |\bat \S+ \(|\.ts:\d+|\.js:\d+|node_modules|file:\/\/|\/work\/|cloudflare:/,
  /fuzz-secret|LEDGE_SECRET|secret detail/,
  /(?:Type|Range|Reference|Syntax)Error|\[object Object\]|is not a function|Cannot read prop|undefined is/,
  new RegExp(CANARY),
  new RegExp(VICTIM),
];

/** Problems of this reply with what was promised; none when all is well. */
export function faultsOf(seen: Seen): string[] {
  const { method, path, status, headers, text } = seen;
  const faults: string[] = [];
  // The platform answers that the socket is open; what is said on it are frames.
  if (status === 101) return leaksOf(seen);
  const expect = (holds: boolean, what: string) => {
    if (!holds) faults.push(what);
  };
  expect(headers.get("x-content-type-options") === "nosniff", "nosniff is missing");
  expect(headers.get("x-frame-options") === "DENY", "x-frame-options is missing");
  expect(headers.get("referrer-policy") !== null, "referrer-policy is missing");
  expect(/^[A-Za-z0-9-]{1,64}$/.test(headers.get("x-request-id") ?? ""), "x-request-id is missing or odd");
  const trace = headers.get("traceparent");
  expect(trace === null || /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(trace), "traceparent is odd");
  if (path === "/api" || path.startsWith("/api/")) {
    for (const name of ["Authorization", "Cookie", "Origin"])
      expect((headers.get("vary") ?? "").includes(name), `Vary lacks ${name}`);
    expect(/no-store|no-cache/.test(headers.get("cache-control") ?? ""), "a reply of the API may be cached");
  }
  const origin = headers.get("access-control-allow-origin");
  expect(origin === null || origin.endsWith("://app.example.com"), `origin ${origin} is let in`);
  const type = headers.get("content-type") ?? "";
  // What somebody uploaded has any type, and goes out as a download that can run nothing.
  const isFile = status < 300 && headers.get("content-disposition") !== null;
  if (isFile) {
    expect(headers.get("content-security-policy")?.includes("sandbox") === true, "a file without its policy");
    expect(
      /^attachment;/.test(headers.get("content-disposition") ?? "") ||
        /^(image|audio|video)\/|^text\/plain;/.test(type),
      `a file of type ${type} is shown`,
    );
  } else if (text !== "")
    expect(
      /^application\/(problem\+)?json$|^text\/\w+; ?charset=utf-8$|^text\/event-stream$/i.test(type),
      `a body of type ${type}`,
    );
  if (method === "HEAD" || status === 204 || status === 304) expect(text === "", "a body where there may be none");
  if (status >= 400 && method !== "HEAD") faults.push(...problemFaults(seen));
  else if (status < 400) expect(SUCCESS.has(status), `status ${status} is not declared`);
  if (status === 503 || status === 429)
    expect(/^[1-9]\d*$/.test(headers.get("retry-after") ?? "") || path === "/readyz", "Retry-After is missing");
  if (status === 405) expect((headers.get("allow") ?? "") !== "", "Allow is missing");
  if (status === 401)
    expect((headers.get("www-authenticate") ?? "").startsWith("Bearer"), "WWW-Authenticate is missing");
  return [...faults, ...leaksOf(seen)];
}

/** The schema tells names of columns, by design; no page tells values. */
function leaksOf({ headers, text, sent }: Seen): string[] {
  const said = `${[...headers].map(([name, value]) => `${name}: ${value}`).join("\n")}\n\n${text}`;
  return LEAKS.flatMap((leak) => {
    const found = leak.exec(said)?.[0];
    return found === undefined || sent.includes(found) ? [] : [`leaks ${JSON.stringify(found)}`];
  });
}

function problemFaults({ status, headers, text, path }: Seen): string[] {
  // Readiness tells its checks in a form of its own.
  if (path === "/readyz" && status === 503) return [];
  if (headers.get("content-type") !== "application/problem+json")
    return [`an error of type ${headers.get("content-type")}: ${text.slice(0, 200)}`];
  const problem = JSON.parse(text) as Record<string, unknown>;
  const slug = String(problem.type).replace("/_/problems/", "");
  const declared = (PROBLEMS as Readonly<Record<string, { readonly status: number; readonly title: string }>>)[slug];
  if (declared === undefined) return [`the problem ${slug} is not declared`];
  const faults: string[] = [];
  if (declared.status !== status || problem.status !== status)
    faults.push(`${slug} came as ${status}, says ${problem.status}`);
  if (problem.code !== slug.toUpperCase().replaceAll("-", "_")) faults.push(`code ${problem.code} is not ${slug}`);
  if (problem.title !== declared.title) faults.push(`title ${problem.title}`);
  if (problem.requestId !== headers.get("x-request-id")) faults.push("requestId differs from the header");
  if (status === 500 && problem.detail !== undefined) faults.push(`a defect is explained: ${problem.detail}`);
  const known = [
    ...COMMON,
    ...(EXTRAS[slug] ?? []),
    ...(/^[/]+api[/]+transaction[/]*$/i.test(path) ? OF_OPERATIONS : []),
  ];
  const strange = Object.keys(problem).filter((name) => !known.includes(name));
  const missing = NEEDED.filter((name) => !(name in problem));
  if (strange.length > 0) faults.push(`${slug} has members ${strange.join(", ")}`);
  if (missing.length > 0) faults.push(`${slug} lacks ${missing.join(", ")}`);
  return faults;
}

/**
 * The problems that a single request can cause. The others need a race, a lost object, ten thousand rows or an application of
 * another kind; tests of their own hold them.
 */
export const FAULTS_BY_REQUEST = [
  "validation-error",
  "malformed-body",
  "filter-parse-error",
  "cursor-invalid",
  "cursor-expired",
  "batch-limit-exceeded",
  "unauthorized",
  "forbidden",
  "not-found",
  "method-not-allowed",
  "conflict",
  "precondition-failed",
  "payload-too-large",
  "unsupported-media-type",
  "range-not-satisfiable",
  "idempotency-mismatch",
  "precondition-required",
  "rate-limit-exceeded",
  "internal-error",
  "unavailable",
] as const;
