/**
 * Width and height of an image, read from its first bytes: PNG, GIF, WebP, JPEG. So an image that is too large is refused before it is
 * stored, and without decoding any of it, which is what a hostile one would be made for.
 */

export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Null where the bytes are no image of these, or do not get as far as its size. */
export function imageSize(head: Uint8Array): ImageSize | null {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const is = (text: string, at = 0) =>
    [...text].every((character, index) => head[at + index] === character.charCodeAt(0));
  try {
    if (is("\x89PNG\r\n\x1a\n")) return { width: view.getUint32(16), height: view.getUint32(20) };
    if (is("GIF8")) return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
    if (is("RIFF") && is("WEBP", 8)) return webpSize(view);
    if (is("\xff\xd8")) return jpegSize(view);
  } catch (error) {
    // Beyond the last byte that is there.
    if (!(error instanceof RangeError)) throw error;
  }
  return null;
}

/** Its first chunk tells: lossy, lossless, or extended (the WebP container specification). */
function webpSize(view: DataView): ImageSize | null {
  const kind = view.getUint32(12);
  const uint24 = (at: number) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  if (kind === 0x56503820)
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  if (kind === 0x56503858) return { width: uint24(24) + 1, height: uint24(27) + 1 };
  if (kind !== 0x5650384c) return null;
  const bits = view.getUint32(21, true);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}

/** Segments one after the other, up to that of a frame (SOF0 to SOF15, but for DHT, JPG and DAC). */
function jpegSize(view: DataView): ImageSize | null {
  for (let at = 2; ; ) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    // Padding, and markers without a length.
    if (marker === 0xff) at += 1;
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) at += 2;
    else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    else if (marker === 0xd9 || marker === 0xda) return null;
    else at += 2 + view.getUint16(at + 2);
  }
}
