/**
 * Paths → endpoints. itty-router compiles the patterns and holds the list; matching is done here, because on its own it
 * leaves parameters encoded, answers HEAD on a GET route with 404, and knows no 405. No other file knows itty.
 *
 * A route's `methods` may depend on the parameters (which table?); `null` means that nothing is there. Routes are asked in
 * order. A `closed` route ends the search: `/api/tasks/count` never falls through to `/api/tasks/:id`.
 */

import { IttyRouter } from "itty-router/IttyRouter";

export type Params = Readonly<Record<string, string>>;
export type Methods<H> = Readonly<Partial<Record<string, H>>>;

export interface Route<H> {
  /** itty's form: `/api/:table/:id`, `*` for the rest. */
  readonly pattern: string;
  readonly methods: (params: Params) => Methods<H> | null;
  readonly closed: boolean;
}

export type Match<H> =
  | { readonly kind: "found"; readonly handler: H; readonly params: Params; readonly pattern: string }
  /** `OPTIONS` without a handler of its own. */
  | { readonly kind: "options"; readonly allow: readonly string[]; readonly pattern: string }
  | { readonly kind: "wrong-method"; readonly allow: readonly string[]; readonly pattern: string }
  | { readonly kind: "none" };

export type MatchPath<H> = (method: string, path: string) => Match<H>;

export function createRouter<H>(routes: readonly Route<H>[]): MatchPath<H> {
  const itty = IttyRouter();
  for (const route of routes) itty.all(route.pattern, () => undefined);
  const compiled = routes.map((route, index) => ({
    route,
    prefix: literalPrefix(route.pattern),
    expression: itty.routes[index]?.[1] ?? /(?!)/,
  }));

  return (method, path) => {
    const isEncoded = path.includes("%");
    let allow: Set<string> | null = null;
    let seen = "";
    for (const { route, prefix, expression } of compiled) {
      if (!path.startsWith(prefix)) continue;
      const found = expression.exec(path);
      const groups = found?.groups ?? {};
      const params = found === null ? null : isEncoded ? decodeParams(groups) : (groups as Params);
      const methods = params === null ? null : route.methods(params);
      if (params === null || methods === null) {
        if (found !== null && route.closed) break;
        continue;
      }
      // Own members only: a method may be called `constructor`.
      const handler = Object.hasOwn(methods, method) ? methods[method] : method === "HEAD" ? methods.GET : undefined;
      if (handler !== undefined) return { kind: "found", handler, params, pattern: route.pattern };
      allow ??= new Set();
      for (const name of Object.keys(methods)) allow.add(name);
      seen ||= route.pattern;
      if (route.closed) break;
    }
    if (allow === null || allow.size === 0) return { kind: "none" };
    if (allow.has("GET")) allow.add("HEAD");
    allow.add("OPTIONS");
    return { kind: method === "OPTIONS" ? "options" : "wrong-method", allow: [...allow].sort(), pattern: seen };
  };
}

/** What every path of a pattern begins with: its text up to the first segment that is not plain. Most routes end here, unmatched. */
function literalPrefix(pattern: string): string {
  const plain = /^(?:\/[A-Za-z0-9_@-]+)*(?=\/|$)/.exec(pattern)?.[0] ?? "";
  return pattern.startsWith(`${plain}/@:`) ? `${plain}/@` : plain;
}

/** Percent-decodes once; null when an escape is malformed, which names nothing. */
function decodeParams(groups: Readonly<Record<string, string | undefined>>): Params | null {
  const params: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(groups)) {
    if (value === undefined) continue;
    if (!value.includes("%")) {
      params[name] = value;
      continue;
    }
    try {
      params[name] = decodeURIComponent(value);
    } catch {
      return null;
    }
  }
  return params;
}
