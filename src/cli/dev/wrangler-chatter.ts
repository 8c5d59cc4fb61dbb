/** Which lines of `wrangler dev` say nothing to a person who runs `ledge dev` (wrangler 4.155). Pure. */

const CHATTER = [
  /^\s*$/,
  /^Your Worker has access to the following bindings:/,
  /^Binding\s+Resource\s+Mode/,
  /^env\.\w+ (\(|\s+D1 Database)/,
  /^⎔ /,
  /^\[wrangler:info\] /,
  /^🪵/u,
  /^Using secrets defined in process\.env$/,
  // What it adds to every start that fails, also where the application's own mistake stands above.
  /^Note that there is a newer version of Wrangler/,
  /^If you think this is a bug then please create an issue/,
  /A DurableObjectNamespace in the config referenced the class "\w+", but no such Durable Object class is exported/,
];

export function isWranglerChatter(line: string): boolean {
  return CHATTER.some((pattern) => pattern.test(withoutColours(line)));
}

/** The line with which wrangler says that the Worker can be asked. */
export function isReadyLine(line: string): boolean {
  return withoutColours(line).startsWith("[wrangler:info] Ready on ");
}

export function withoutColours(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours begin with the control character ESC
  return line.replace(/\u001b\[[0-9;]*m/g, "");
}
