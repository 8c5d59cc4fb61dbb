/**
 * Links straight to the bucket, past the Worker ([FS12]): presigned for its S3 interface, where the keys of one are configured. Type and
 * disposition are signed along, so that the bucket sends what a download of ours would.
 */

import { invalidField } from "../../core/fault.ts";
import { contentHeaders } from "../../core/files/content-headers.ts";
import { s3Client } from "./s3-client.ts";

export interface BucketLink {
  readonly key: string;
  readonly name: string;
  readonly type: string;
  readonly use: "download" | "show";
  readonly expiresInS: number;
}

export async function bucketLink(env: unknown, { key, name, type, use, expiresInS }: BucketLink): Promise<string> {
  const s3 = await s3Client(env);
  if (s3 === null)
    throw invalidField("from", "can be bucket only where the keys of its S3 interface are configured", "unavailable");
  const url = s3.addressOf(key);
  const headers = contentHeaders({ name, type, tag: "", storedAt: "", use, reach: "anywhere" });
  url.searchParams.set("X-Amz-Expires", String(expiresInS));
  url.searchParams.set("response-content-type", headers["content-type"] ?? type);
  url.searchParams.set("response-content-disposition", headers["content-disposition"] ?? "attachment");
  const signed = await s3.signer.sign(url, { method: "GET", aws: { signQuery: true } });
  return signed.url;
}
