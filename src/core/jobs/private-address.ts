/**
 * Addresses that no webhook may be sent to: this machine, private networks, those of the provider. Texts as a URL parser or a name server
 * gives them. The ranges are those of IANA's special-purpose registries (RFC 6890 and its successors, read 2026-11).
 */

/** First address and length of the prefix. */
const V4_RANGES: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];

const LOCAL_NAMES =
  /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|private|home\.arpa|onion|invalid|test)\.?$/;

/** Whether the host of a URL may be called: a public name, or a public address. Names are to be resolved, and each address asked again. */
export function isPublicHost(host: string): boolean {
  if (host.startsWith("[")) return isPublicAddress(host.slice(1, -1));
  if (/^[0-9.]+$/.test(host)) return isPublicAddress(host);
  return host.includes(".") && !LOCAL_NAMES.test(host);
}

export function isPublicAddress(address: string): boolean {
  return address.includes(":") ? isPublicV6(address.toLowerCase()) : isPublicV4(address);
}

function isPublicV4(address: string): boolean {
  const value = v4(address);
  return value !== null && !V4_RANGES.some(([first, length]) => isIn(value, v4(first) ?? 0, length));
}

/** Global unicast is 2000::/3; what carries a v4 address within it, or is for documentation, is asked by that. */
function isPublicV6(address: string): boolean {
  const groups = v6(address);
  if (groups === null) return false;
  const [a = 0, b = 0, c = 0] = groups;
  if (a < 0x2000 || a > 0x3fff) return false;
  if (a === 0x2001 && (b < 0x0200 || b === 0x0db8)) return false;
  if (a === 0x3fff && b < 0x1000) return false;
  // 6to4 holds the v4 address behind its first group.
  return a !== 0x2002 || isPublicV4([b >> 8, b & 255, c >> 8, c & 255].join("."));
}

function isIn(value: number, first: number, length: number): boolean {
  const size = 2 ** (32 - length);
  return value >= first && value < first + size;
}

function v4(text: string): number | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256))
    return null;
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}

/** Eight groups; null for what is no address. A v4 tail is of no public range. */
function v6(text: string): readonly number[] | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...Array.from({ length: missing }, () => "0"), ...tail];
  return groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : null;
}
