/**
 * Where a redirect may lead: to a path of this site and nowhere else ([A2]). The one place that decides it, for what addresses, forms and pages
 * name. Judged as browsers read it: tabs vanish, `\` is `/`, dots are resolved, and what is left must not begin with two slashes.
 */

/** A path with its query and fragment that any browser resolves to this origin, or the fallback. */
export function localPath(value: unknown, fallback: string, origin: string): string {
  if (typeof value !== "string" || !value.startsWith("/") || !URL.canParse(value, origin)) return fallback;
  const target = new URL(value, origin);
  const path = `${target.pathname}${target.search}${target.hash}`;
  // `/.//evil.test` is a path of this site, which written out again is the address of another.
  return target.origin === new URL(origin).origin && !path.startsWith("//") ? path : fallback;
}
