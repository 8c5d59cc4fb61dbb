/** Base64 (RFC 4648 section 4, with padding) between bytes and text: the JSON form of blob columns. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const DIGIT = new Map([...ALPHABET].map((char, value) => [char, value]));

export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    const kept = Math.min(3, bytes.length - index);
    for (let digit = 0; digit < 4; digit++) {
      text += digit <= kept ? ALPHABET[(group >> (18 - 6 * digit)) & 63] : "=";
    }
  }
  return text;
}

/** The bytes, or `null` when the text is not canonical padded base64. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length % 4 !== 0) return null;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let index = 0, written = 0; index < text.length; index += 4) {
    let group = 0;
    for (let digit = 0; digit < 4; digit++) {
      const isPad = index + digit >= text.length - padding;
      const value = isPad ? 0 : DIGIT.get(text.charAt(index + digit));
      if (value === undefined) return null;
      group = (group << 6) | value;
    }
    for (let byte = 0; byte < 3 && written < bytes.length; byte++) {
      bytes[written++] = (group >> (16 - 8 * byte)) & 255;
    }
    const unused = padding === 2 ? 0xffff : padding === 1 ? 0xff : 0;
    if (index + 4 === text.length && (group & unused) !== 0) return null;
  }
  return bytes;
}
