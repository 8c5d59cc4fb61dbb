/** Which lines of `wrangler dev` say nothing to a person who runs `ledge dev` (wrangler 4.155). Pure. */

const CHATTER = [
  /^\s*$/,
  /^Your Worker has access to the following bindings:/,
  /^Binding\s+Resource\s+Mode/,
  /^env\.\w+ \(/,
  /^⎔ /,
  /^\[wrangler:info\] /,
  /^🪵/u,
];

/** Colours are not counted. */
export function isWranglerChatter(line: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours begin with the control character ESC
  const plain = line.replace(/\u001b\[[0-9;]*m/g, "");
  return CHATTER.some((pattern) => pattern.test(plain));
}
