/**
 * Links straight to the bucket, past the Worker ([FS12]): presigned for its S3 interface, where the keys of one are configured. Type and
 * disposition are signed along, so that the bucket sends what a download of ours would.
 */

import { invalidField } from "../../core/fault.ts";
import { contentHeaders } from "../../core/files/content-headers.ts";

interface S3Env {
  /** `https://<account>.r2.cloudflarestorage.com`, or that of another S3. */
  readonly LEDGE_S3_ENDPOINT?: string;
  readonly LEDGE_S3_BUCKET?: string;
  readonly LEDGE_S3_KEY_ID?: string;
  readonly LEDGE_S3_SECRET?: string;
  /** Default: `auto`, which is R2's. */
  readonly LEDGE_S3_REGION?: string;
}

export interface BucketLink {
  readonly key: string;
  readonly name: string;
  readonly type: string;
  readonly use: "download" | "show";
  readonly expiresInS: number;
}

export async function bucketLink(env: unknown, { key, name, type, use, expiresInS }: BucketLink): Promise<string> {
  const { LEDGE_S3_ENDPOINT, LEDGE_S3_BUCKET, LEDGE_S3_KEY_ID, LEDGE_S3_SECRET, LEDGE_S3_REGION } = env as S3Env;
  if (!LEDGE_S3_ENDPOINT || !LEDGE_S3_BUCKET || !LEDGE_S3_KEY_ID || !LEDGE_S3_SECRET)
    throw invalidField("from", "can be bucket only where the keys of its S3 interface are configured", "unavailable");
  const { AwsClient } = await import("aws4fetch");
  const client = new AwsClient({
    accessKeyId: LEDGE_S3_KEY_ID,
    secretAccessKey: LEDGE_S3_SECRET,
    service: "s3",
    region: LEDGE_S3_REGION ?? "auto",
  });
  const path = [LEDGE_S3_BUCKET, ...key.split("/")].map(encodeURIComponent).join("/");
  const url = new URL(`/${path}`, LEDGE_S3_ENDPOINT);
  const headers = contentHeaders({ name, type, tag: "", storedAt: "", use, reach: "anywhere" });
  url.searchParams.set("X-Amz-Expires", String(expiresInS));
  url.searchParams.set("response-content-type", headers["content-type"] ?? type);
  url.searchParams.set("response-content-disposition", headers["content-disposition"] ?? "attachment");
  const signed = await client.sign(url, { method: "GET", aws: { signQuery: true } });
  return signed.url;
}
