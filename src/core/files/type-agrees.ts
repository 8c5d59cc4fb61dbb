/**
 * Does what the first bytes show agree with the declared type? A file whose type has a signature must show it, and one that shows
 * another must not pass for text or an image. Formats that are built on others (docx on zip) may show what they are built on.
 */

/** Types that always begin with a signature which the detector knows: without one they are not what they say. */
const SIGNED =
  /^(?:image\/(?:png|jpeg|gif|webp|avif|heic|heif|tiff|bmp|x-icon|apng)|application\/(?:pdf|zip|gzip|x-7z-compressed|wasm|vnd\.openxmlformats-officedocument\..+|vnd\.oasis\.opendocument\..+|epub\+zip)|video\/(?:mp4|webm|quicktime|x-matroska)|audio\/(?:ogg|flac|x-m4a|mp4))$/;

/** What the detector calls it → what else it may be called. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  "image/apng": ["image/png"],
  "image/heif": ["image/heic"],
  "image/heic": ["image/heif"],
  "audio/x-m4a": ["audio/mp4", "video/mp4"],
  "audio/mpeg": ["audio/mp3"],
  "audio/wav": ["audio/x-wav", "audio/vnd.wave"],
  "audio/opus": ["audio/ogg"],
  "audio/ogg": ["video/ogg", "application/ogg"],
  "video/quicktime": ["video/mp4"],
  "video/mp4": ["audio/mp4", "video/quicktime"],
  "video/matroska": ["video/x-matroska", "video/webm", "audio/webm"],
  "video/webm": ["audio/webm"],
  "application/gzip": ["application/x-gzip"],
};

/** `shown` is what the detector made of the first bytes; null: it knows no signature in them. */
export function typeAgrees(declared: string, shown: string | null): boolean {
  // Says nothing, and is served as nothing but bytes.
  if (declared === "application/octet-stream") return true;
  if (shown === null) return !SIGNED.test(declared);
  if (shown === declared || ALIASES[shown]?.includes(declared) === true) return true;
  if (shown === "application/zip") return declared.startsWith("application/") && declared !== "application/pdf";
  if (shown === "application/x-cfb") return /^application\/(?:msword|vnd\.ms-[a-z-]+|vnd\.ms-outlook)$/.test(declared);
  if (shown === "application/xml")
    return /^(?:text|application)\/xml$|\+xml$/.test(declared) || declared === "text/plain" || declared === "text/html";
  return false;
}
