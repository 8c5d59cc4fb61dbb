/**
 * Tries that may fail only so often ([A34]): by mail and by address, each in a window that begins with the first. A try is counted
 * before it is made, so that a hundred at once are no more than one after the other; one that succeeds is given back. One statement
 * for all limits; what is limited is stored as a keyed hash.
 */

import { Fault } from "../../core/fault.ts";
import type { AuthSettings } from "./auth-options.ts";
import type { Keyring } from "./keyring.ts";

export interface Throttle {
  /** Counts a try; throws `rate-limit-exceeded` when one limit is used up. */
  take(): Promise<void>;
  /** Gives the try back, and forgets earlier failures of the mail. */
  giveBack(): Promise<void>;
}

export interface Throttled {
  /** What is tried: `login`. Different things have limits of their own. */
  readonly action: string;
  readonly email: string | null;
  readonly headers: Headers;
}

interface Counting {
  readonly database: D1Database;
  readonly keyring: Keyring;
  readonly settings: AuthSettings;
  readonly nowMs: number;
}

export function throttleOf({ action, email, headers }: Throttled, counting: Counting): Throttle {
  const { database, keyring, settings, nowMs } = counting;
  const { attempts, windowMs } = settings.throttle;
  const idOf = (kind: string, value: string) => keyring.sign("throttle", `${action}|${kind}|${value}`);
  const byMail = email === null ? [] : [idOf("mail", email.toLowerCase())];
  const address = networkOf(headers.get("cf-connecting-ip"));
  const byAddress = address === null ? [] : [idOf("address", address)];
  const ids = [...byMail, ...byAddress];
  return {
    async take() {
      if (ids.length === 0) return;
      const counted = await database.batch<{ count: number; resets_at: number }>(
        ids.map((id) => database.prepare(COUNT).bind(id, nowMs, nowMs + windowMs)),
      );
      const full = counted.flatMap(({ results }) => results).filter(({ count }) => count > attempts);
      if (full.length === 0) return;
      const resetsAtMs = Math.max(...full.map(({ resets_at }) => resets_at));
      throw new Fault({ slug: "rate-limit-exceeded", retryAfter: Math.max(1, Math.ceil((resetsAtMs - nowMs) / 1000)) });
    },
    async giveBack() {
      if (ids.length === 0) return;
      await database.batch([
        ...byMail.map((id) => database.prepare("DELETE FROM auth_attempts WHERE id = ?").bind(id)),
        ...byAddress.map((id) =>
          database.prepare("UPDATE auth_attempts SET count = max(count - 1, 0) WHERE id = ?").bind(id),
        ),
      ]);
    },
  };
}

const COUNT = `INSERT INTO auth_attempts (id, count, resets_at) VALUES (?1, 1, ?3)
ON CONFLICT (id) DO UPDATE SET
  count = CASE WHEN resets_at <= ?2 THEN 1 ELSE count + 1 END,
  resets_at = CASE WHEN resets_at <= ?2 THEN ?3 ELSE resets_at END
RETURNING count, resets_at`;

/** The address itself, or the /64 of an IPv6 one, which is what one customer has. Null where the platform tells none. */
function networkOf(address: string | null): string | null {
  if (address === null || !address.includes(":")) return address;
  const [head = "", tail = ""] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === "" ? [] : tail.split(":");
  const groups = [...left, ...Array.from({ length: Math.max(8 - left.length - right.length, 0) }, () => "0"), ...right];
  return groups.slice(0, 4).join(":").toLowerCase();
}
