/**
 * The query string of an address as parameters. `URL` decodes what is no UTF-8 to U+FFFD, so that a filter would ask for another text
 * than was sent; here it is refused by name, like all text that is not well-formed ([QL20]). What the parameters mean is the core's.
 */

import { invalid } from "../core/fault.ts";
import { type Parameters, readParameters } from "../core/query/parameters.ts";

/** Only bytes from 0x80 on can be ill-formed, and few addresses have any. */
const HIGH_BYTE = /%[89a-f]/i;
/** Form decoding takes a `%` without two hex digits as itself. */
const LONE_PERCENT = /%(?![0-9a-f]{2})/gi;

/** The parameters by name, as `readParameters` in the core. Throws `validation-error`. */
export function queryParameters(url: URL, known: readonly string[]): Parameters {
  if (HIGH_BYTE.test(url.search)) refuseIllFormed(url.search.slice(1));
  return readParameters(url.searchParams, known);
}

function refuseIllFormed(query: string): void {
  const names = query.split("&").flatMap((pair) => {
    if (isUtf8(pair)) return [];
    const [name] = [...new URLSearchParams(pair).keys()];
    return name === undefined || name.startsWith("_") ? [] : [name];
  });
  if (names.length === 0) return;
  throw invalid([...new Set(names)].map((field) => ({ field, message: "is not well-formed UTF-8", code: "encoding" })));
}

function isUtf8(encoded: string): boolean {
  try {
    decodeURIComponent(encoded.replace(LONE_PERCENT, "%25"));
    return true;
  } catch {
    return false;
  }
}
