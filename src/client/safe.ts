/** `const { data, error } = await safe(client.tasks.get(id))`, for those who would rather look than catch ([SDK13]). */

import { LedgeError } from "./ledge-error.ts";

export type Safe<T> =
  | { readonly data: T; readonly error: null; readonly count?: number }
  | { readonly data: null; readonly error: LedgeError; readonly count?: undefined };

/** `count` is the `totalCount` or `count` of the result, where it has one. What is no `LedgeError` is a mistake, and thrown. */
export async function safe<T>(promise: Promise<T>): Promise<Safe<T>> {
  try {
    const data = await promise;
    const { totalCount, count = totalCount } = (data ?? {}) as {
      readonly totalCount?: number;
      readonly count?: number;
    };
    return { data, error: null, ...(typeof count === "number" ? { count } : {}) };
  } catch (error) {
    if (error instanceof LedgeError) return { data: null, error };
    throw error;
  }
}
