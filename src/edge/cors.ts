/**
 * Cross-origin access ([Y5]): off unless configured. `true` opens the API to every origin, without credentials.
 * Credentials need named origins, since browsers refuse them with `*` and reflecting any origin would be a hole.
 */

import { ConfigError } from "../define/config-error.ts";

export interface CorsOptions {
  /** Exact origins, e.g. `https://app.example.com`, or a function that decides. Default: every origin. */
  readonly origins?: readonly string[] | ((origin: string) => boolean);
  /** Cookies and Authorization from browsers; only with `origins`. */
  readonly credentials?: boolean;
  /** Further request headers that a page may send. */
  readonly allowHeaders?: readonly string[];
  /** Further reply headers that a page may read. */
  readonly exposeHeaders?: readonly string[];
  readonly maxAgeS?: number;
}

export interface Cors {
  /** Headers of a reply to a request from this origin. */
  headers(origin: string): Readonly<Record<string, string>>;
  /** Further headers of the answer to a preflight. */
  preflight(origin: string, allow: readonly string[]): Readonly<Record<string, string>>;
}

const REQUEST_HEADERS = [
  "Authorization",
  "Content-Digest",
  "Content-Type",
  "If-Match",
  "If-None-Match",
  "If-Range",
  "Idempotency-Key",
  "Prefer",
  "Range",
  "Ledge-Confirm",
  "Ledge-Explain",
  "Ledge-Min-Seq",
  "Ledge-Optimistic-Id",
  "Ledge-User",
  "Ledge-Version",
  "X-API-Key",
  "X-CSRF-Token",
  "X-Request-Id",
  "traceparent",
];
const REPLY_HEADERS = [
  "Content-Disposition",
  "Content-Range",
  "ETag",
  "Location",
  "Ledge-As-Of",
  "Ledge-Bookmark",
  "Ledge-Seq",
  "Ledge-Optimistic-Id",
  "Ledge-Version",
  "Idempotency-Replayed",
  "Preference-Applied",
  "Retry-After",
  "X-Request-Id",
  "X-Total-Count",
  "traceparent",
];

/** Null when cross-origin access is off. */
export function createCors(options: boolean | CorsOptions | undefined): Cors | null {
  if (options === undefined || options === false) return null;
  const {
    origins,
    credentials = false,
    allowHeaders = [],
    exposeHeaders = [],
    maxAgeS = 600,
  } = options === true ? {} : options;
  if (credentials && (origins === undefined || (typeof origins !== "function" && origins.includes("*")))) {
    throw new ConfigError(
      null,
      undefined,
      "cors.credentials is on for every origin",
      'Name the origins: cors: { origins: ["https://…"], credentials: true }.',
    );
  }
  const isOpen = origins === undefined || (typeof origins !== "function" && origins.includes("*"));
  const admits = (origin: string): boolean => {
    if (isOpen) return true;
    if (typeof origins !== "function") return origins.includes(origin);
    try {
      return origins(origin) === true;
    } catch {
      // Anyone may send any text as Origin, `null` among them: what the function cannot read it has not let in.
      return false;
    }
  };
  const exposed = [...REPLY_HEADERS, ...exposeHeaders].join(", ");
  const allowed = [...REQUEST_HEADERS, ...allowHeaders].join(", ");
  return {
    headers(origin) {
      if (!admits(origin)) return {};
      return {
        "access-control-allow-origin": isOpen ? "*" : origin,
        ...(credentials ? { "access-control-allow-credentials": "true" } : {}),
        "access-control-expose-headers": exposed,
      };
    },
    preflight(origin, allow) {
      if (!admits(origin)) return {};
      return {
        "access-control-allow-methods": allow.join(", "),
        "access-control-allow-headers": allowed,
        "access-control-max-age": String(maxAgeS),
      };
    },
  };
}
