/** What the first bytes of a file show, by its signature. The detector (file-type) is loaded when the first file arrives. */

/** Bytes that suffice for every signature the detector knows. */
const HEAD_BYTES = 4100;

/** A media type, or null when the bytes show no signature. */
export async function sniffType(head: Uint8Array): Promise<string | null> {
  const { fileTypeFromBuffer } = await import("file-type");
  try {
    return (await fileTypeFromBuffer(head.subarray(0, HEAD_BYTES)))?.mime ?? null;
  } catch {
    // A signature whose structure then breaks off: no type that could be relied on.
    return null;
  }
}
