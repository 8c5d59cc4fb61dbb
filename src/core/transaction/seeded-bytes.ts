/**
 * Bytes that follow from a seed: what a synchronous hook mints in a trial is what it mints in the commit ([TX3] [TP9]). The seed comes
 * from the Worker's random source, so the bytes are as hard to foretell as it is. Pure.
 */

/** A source of bytes (sfc32). `seed`: 32 hex digits. */
export function seededBytes(seed: string): (count: number) => Uint8Array {
  const word = (index: number) => Number.parseInt(seed.slice(index * 8, index * 8 + 8), 16) | 0;
  let [a, b, c, d] = [word(0), word(1), word(2), word(3)] as const as [number, number, number, number];
  const next = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t;
  };
  for (let warm = 0; warm < 12; warm++) next();
  return (count) => {
    const bytes = new Uint8Array(count);
    for (let index = 0; index < count; index++) bytes[index] = next() >>> 24;
    return bytes;
  };
}
