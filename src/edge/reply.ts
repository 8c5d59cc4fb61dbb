/**
 * A reply as plain data until the last moment: endpoints, problems and system pages return it, `finish` makes the
 * `Response`. A body is text that is passed on as it is; nothing is parsed again on the way out.
 */

export interface Reply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export function jsonReply(value: unknown, status = 200): Reply {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}
