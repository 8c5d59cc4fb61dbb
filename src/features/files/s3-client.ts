/**
 * Requests to the S3 interface of a bucket, signed with the keys of the environment: R2's own or that of another S3. The signer (aws4fetch)
 * is loaded where the first is made. It sends each request once: who asked knows whether it may be repeated.
 */

import type { AwsClient } from "aws4fetch";

export interface S3Env {
  /** `https://<account>.r2.cloudflarestorage.com`, or that of another S3. */
  readonly LEDGE_S3_ENDPOINT?: string;
  readonly LEDGE_S3_BUCKET?: string;
  readonly LEDGE_S3_KEY_ID?: string;
  readonly LEDGE_S3_SECRET?: string;
  /** Default: `auto`, which is R2's. */
  readonly LEDGE_S3_REGION?: string;
}

export interface S3Client {
  readonly signer: AwsClient;
  /** Of an object; the empty key is the bucket itself. */
  readonly addressOf: (key: string) => URL;
}

/** Null where the keys are not configured. */
export async function s3Client(env: unknown): Promise<S3Client | null> {
  const {
    LEDGE_S3_ENDPOINT: endpoint,
    LEDGE_S3_BUCKET: bucket,
    LEDGE_S3_KEY_ID: accessKeyId,
    LEDGE_S3_SECRET: secretAccessKey,
    LEDGE_S3_REGION: region = "auto",
  } = env as S3Env;
  if (!endpoint || !bucket || !accessKeyId || !secretAccessKey) return null;
  const { AwsClient } = await import("aws4fetch");
  const path = (key: string) => [bucket, ...(key === "" ? [] : key.split("/"))].map(encodeURIComponent).join("/");
  return {
    signer: new AwsClient({ accessKeyId, secretAccessKey, service: "s3", region, retries: 0 }),
    addressOf: (key) => new URL(`/${path(key)}`, endpoint),
  };
}
