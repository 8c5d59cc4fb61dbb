/** Signatures in the manner of Standard Webhooks 1.0: HMAC-SHA256 over id, time and body, one for each secret, so that a secret can be exchanged while both hold. */

const PREFIX = "whsec_";

export interface SignedMessage {
  /** The same whenever the message is sent again. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly body: string;
}

/** The headers of a message. `secrets`: `whsec_<base64>`, the new one first, separated by spaces. */
export async function webhookHeaders(message: SignedMessage, secrets: string): Promise<Record<string, string>> {
  const { id, timestamp, body } = message;
  const content = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  const signatures = await Promise.all(
    secrets
      .trim()
      .split(/\s+/)
      .map((secret) => sign(content, secret)),
  );
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signatures.map((signature) => `v1,${signature}`).join(" "),
  };
}

async function sign(content: BufferSource, secret: string): Promise<string> {
  if (!secret.startsWith(PREFIX)) throw new TypeError(`The secret of a webhook begins with ${PREFIX}`);
  const raw = Uint8Array.from(atob(secret.slice(PREFIX.length)), (character) => character.charCodeAt(0));
  if (raw.byteLength < 24) throw new TypeError("The secret of a webhook has at least 24 bytes");
  const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, content));
  return btoa(String.fromCharCode(...signature));
}
