/**
 * The bucket that holds the bytes: R2, bound as `LEDGE_FILES`, or another storage in its place, else what `files({ storage })` makes of the
 * environment. Without any files answer 503 and the log says why.
 */

import { Fault } from "../../core/fault.ts";
import type { Logger } from "../../core/log.ts";
import type { StorageAdapter } from "./storage-adapter.ts";

interface FilesEnv {
  readonly LEDGE_FILES?: StorageAdapter;
}

export type MakeStorage = (env: unknown) => StorageAdapter;

/** Of the application, as `setSearchAdapter` is: an environment comes with each request, and again with each effect. */
let made: { readonly make: MakeStorage; readonly of: WeakMap<object, StorageAdapter> } | undefined;

export function setStorage(make: MakeStorage | undefined): void {
  made = make === undefined ? undefined : { make, of: new WeakMap() };
}

function storageOf(env: unknown): StorageAdapter | undefined {
  const bound = (env as FilesEnv).LEDGE_FILES;
  if (bound !== undefined || made === undefined) return bound;
  const known = made.of.get(env as object) ?? made.make(env);
  made.of.set(env as object, known);
  return known;
}

export function bucketOf(env: unknown, log: Logger): StorageAdapter {
  const bucket = storageOf(env);
  if (bucket !== undefined) return bucket;
  log.error("files have no bucket", { mend: "bind an R2 bucket as LEDGE_FILES in wrangler.toml" });
  throw new Fault({ slug: "unavailable", retryAfter: 60 });
}

/** For effects, whose failure is logged and tried again. */
export function requireBucket(env: unknown): StorageAdapter {
  const bucket = storageOf(env);
  if (bucket === undefined) throw new Error("no R2 bucket is bound as LEDGE_FILES");
  return bucket;
}

/** Throws unless the bucket answers; for `/readyz`. */
export async function checkBucket(env: unknown): Promise<void> {
  await requireBucket(env).head("ready");
}
