/** Limits of the edge, in one place. Each number names where it comes from. */

/** Largest JSON body ([HT4]). */
export const MAX_BODY_BYTES = 1_048_576;
/** Largest row in its JSON form, as UTF-8 ([HT4]). */
export const MAX_ROW_BYTES = 524_288;
/**
 * How long one call to an object may take. Above the 10 s that an object lets a request wait for its twin ([HT43]), so
 * that the object's own answer comes first.
 */
export const CALL_TIMEOUT_MS = 15_000;
/** How long a lost write is repeated before its outcome is called unknown ([HT71]). */
export const ATTEMPT_DEADLINE_MS = 10_000;
/** How long a stored reply answers a repeated `Idempotency-Key`, and the longest a table may ask for ([HT41]). */
export const DEFAULT_IDEMPOTENCY_TTL_MS = 86_400_000;
export const MAX_IDEMPOTENCY_TTL_MS = 30 * 86_400_000;
/** Runs of a before-hook on a row that keeps moving ([HT31]). */
export const MAX_HOOK_RUNS = 3;
/** Verified tokens remembered per isolate, and for how long at most: a withdrawn key is noticed within that time. */
export const MAX_CACHED_TOKENS = 1000;
export const MAX_TOKEN_CACHE_MS = 60_000;
/** How long an identity provider that failed is left alone, and callers are told to wait. */
export const KEYS_RETRY_AFTER_S = 5;
/** Longest bearer token read at all; the platform ends a header block at 16 KB. */
export const MAX_TOKEN_LENGTH = 8192;
/** Longest `sub`: it is a part of idempotency keys and of every ledger row. */
export const MAX_SUBJECT_LENGTH = 256;
/** Shortest `LEDGE_SECRET`, in characters: 256 bits when it is hex of half that many bytes or better. */
export const MIN_SECRET_LENGTH = 32;
/** Scope texts remembered per table in canonical form. */
export const MAX_CACHED_SCOPES = 500;
/** How long a search engine outside may take, and how many hits it is asked for at most: what others give at most, too. */
export const ENGINE_TIMEOUT_MS = 10_000;
export const MAX_ENGINE_HITS = 10_000;
/** Rows that a filter batch may touch unconfirmed where a table asks for confirmation, and how long one is valid ([HT32]). */
export const MAX_UNCONFIRMED_ROWS = 100;
export const CONFIRMATION_TTL_MS = 300_000;
