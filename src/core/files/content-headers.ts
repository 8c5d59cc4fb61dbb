/**
 * Headers of bytes that somebody uploaded, so that they never run as a part of our origin: the stored type and no guessing, a policy
 * that allows nothing and gives a document an origin of its own, and a download unless the type is one that cannot run.
 */

/** Types that a browser only shows or plays. Not among them: HTML, SVG, XML, PDF. */
const SHOWABLE = new Set([
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "image/avif",
  "video/mp4",
  "video/webm",
  "audio/mpeg",
  "audio/mp4",
  "audio/ogg",
  "audio/wav",
  "audio/webm",
  "text/plain",
]);

/**
 * What a page may take in by `<script>`, `import`, a worker or `<link>` (WHATWG MIME Sniffing 4.6, and CSS): under these types an upload
 * would be code of our own origin to a page with `script-src 'self'`. It is sent as the text that it is.
 */
const TAKEN_IN =
  /^(?:(?:application|text)\/(?:x-)?(?:java|ecma)script|text\/(?:javascript1\.[0-5]|jscript|livescript|css))$/;

const POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox";

export interface ContentDescription {
  readonly name: string;
  readonly type: string;
  readonly tag: string;
  /** Whole seconds since 1970, as an HTTP date. */
  readonly storedAt: string;
  /** Asked for to be shown, where that can do no harm. */
  readonly use: "download" | "show";
  /** Whose pages may take it in: those of our own site, or of any, where anybody may read it. */
  readonly reach: "site" | "anywhere";
}

export function contentHeaders({ name, type, tag, storedAt, use, reach }: ContentDescription): Record<string, string> {
  const sent = TAKEN_IN.test(type) ? "text/plain" : type;
  const isShown = use === "show" && SHOWABLE.has(sent);
  return {
    "content-type": sent.startsWith("text/") ? `${sent}; charset=utf-8` : sent,
    "content-disposition": disposition(isShown ? "inline" : "attachment", name),
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": reach === "site" ? "same-site" : "cross-origin",
    "accept-ranges": "bytes",
    etag: `"${tag}"`,
    "last-modified": storedAt,
  };
}

/** RFC 6266: a name in plain ASCII for old clients, and the whole one in UTF-8. */
function disposition(kind: "inline" | "attachment", name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%;]/g, "_");
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename="${plain}"${plain === name ? "" : `; filename*=UTF-8''${encoded}`}`;
}
