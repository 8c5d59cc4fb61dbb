/** The little of Node that sign-in uses, which workerd has under `nodejs_compat`: all of Node's types would bring a server's globals along. */

declare module "node:buffer" {
  export interface Buffer extends Uint8Array<ArrayBuffer> {
    toString(encoding?: "utf8" | "base64url"): string;
  }
  export const Buffer: { from(from: string | ArrayBuffer | Uint8Array, encoding?: "utf8" | "base64url"): Buffer };
}

declare module "node:crypto" {
  import type { Buffer } from "node:buffer";

  interface Digest {
    update(data: string): Digest;
    digest(): Buffer;
    digest(encoding: "base64url"): string;
  }
  export function createHash(algorithm: "sha256"): Digest;
  export function createHmac(algorithm: "sha256", key: Uint8Array): Digest;
  export function hkdfSync(algorithm: "sha256", key: string, salt: string, info: string, bytes: number): ArrayBuffer;
  export function randomBytes(bytes: number): Buffer;
  export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
  export function scrypt(
    password: string,
    salt: Uint8Array,
    bytes: number,
    cost: { readonly N: number; readonly r: number; readonly p: number; readonly maxmem: number },
    done: (error: Error | null, key: Buffer) => void,
  ): void;
}
