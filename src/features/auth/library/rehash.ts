/**
 * A password that was right, hashed anew at today's cost. Only in place of the hash that it was right for: one that was changed
 * meanwhile stays.
 */

import { hashPassword } from "../password-hash.ts";

export async function rehash(
  database: D1Database,
  { userId, hash }: { readonly userId: string; readonly hash: string },
  password: string,
): Promise<void> {
  await database
    .prepare("UPDATE auth_accounts SET password = ?1 WHERE user_id = ?2 AND password = ?3")
    .bind(await hashPassword(password), userId, hash)
    .run();
}
