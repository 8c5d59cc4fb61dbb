/**
 * What may be tried only so often ([A34]): by mail and by address, each in a window that begins with the first. Failures are counted before they
 * are made, so that a hundred at once are no more than one after the other; one that succeeds is given back, and whoever comes while the
 * last ones are still being tried waits for their outcome. A limit that is used up spares the other: an address that may not try any more
 * locks nobody's mail. What is limited is stored as a keyed hash.
 */

import { Fault } from "../../core/fault.ts";
import type { AuthSettings } from "./auth-options.ts";
import type { Keyring } from "./keyring.ts";

export interface Throttle {
  /** Runs what may fail, if it still may; `rate-limit-exceeded` otherwise. */
  failures<T>(work: () => Promise<T>): Promise<T>;
  /** Counts a request, however it ends; throws `rate-limit-exceeded` when there were too many. */
  request(): Promise<void>;
}

export interface Throttled {
  /** What is tried: `login`. Different things have limits of their own. */
  readonly action: string;
  /** Of whom: a mail, or what else stands for one person. */
  readonly email: string | null;
  readonly headers: Headers;
}

interface Counting {
  readonly database: D1Database;
  readonly keyring: Keyring;
  readonly settings: AuthSettings;
}

/** One limit: the row that counts, and how many it may. */
type Limit = readonly [id: string, max: number];

interface Full {
  /** Failures that are known; below `max` while others are still being tried. */
  readonly failed: number;
  readonly max: number;
  readonly resets_at: number;
}

/** Waits between looks at tries whose outcome is near: 3 s in all, a few password hashes. */
const WAITS_MS = [50, 100, 200, 300, 350, 400, 500, 500, 600];

export function throttleOf({ action, email, headers }: Throttled, counting: Counting): Throttle {
  const { database, keyring, settings } = counting;
  const { attempts, requests, windowMs } = settings.throttle;
  const idOf = (kind: string, value: string) => keyring.sign("throttle", `${action}|${kind}|${value}`);
  const mail = email === null ? null : idOf("mail", email);
  const network = networkOf(headers.get("cf-connecting-ip"));
  const address = network === null ? null : idOf("address", network);
  const limits = (mailMax: number, addressMax: number): readonly Limit[] => [
    ...(mail === null ? [] : [[mail, mailMax] as const]),
    ...(address === null ? [] : [[address, addressMax] as const]),
  ];

  /** Counts under all limits or, when one is used up, under none: then those are given. */
  const count = async (under: readonly Limit[], undecided: 0 | 1): Promise<readonly Full[]> => {
    const text = JSON.stringify(under);
    const nowMs = Date.now();
    const [counted, full] = await database.batch([
      database.prepare(COUNT).bind(text, nowMs, nowMs + windowMs, undecided),
      database.prepare(FULL).bind(text, nowMs),
    ]);
    return counted?.results.length === under.length ? [] : ((full?.results ?? []) as unknown as Full[]);
  };
  const settle = async (outcome: "failed" | "succeeded"): Promise<void> => {
    const ids = [
      ...(mail === null ? [] : [{ id: mail, sql: outcome === "failed" ? DECIDED : FORGOTTEN }]),
      ...(address === null ? [] : [{ id: address, sql: outcome === "failed" ? DECIDED : GIVEN_BACK }]),
    ];
    await database.batch(ids.map(({ id, sql }) => database.prepare(sql).bind(id)));
  };

  return {
    async failures(work) {
      const under = limits(attempts, attempts);
      if (under.length === 0) return work();
      for (let waits = 0; ; waits++) {
        const full = await count(under, 1);
        if (full.length === 0) break;
        const spent = full.filter(({ failed, max }) => failed >= max);
        const waitMs = WAITS_MS[waits];
        if (spent.length > 0 || waitMs === undefined) throw exceeded(spent);
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
      let outcome: "failed" | "succeeded" = "failed";
      try {
        const result = await work();
        outcome = "succeeded";
        return result;
      } finally {
        await settle(outcome);
      }
    },
    async request() {
      const under = limits(attempts, requests);
      const full = under.length === 0 ? [] : await count(under, 0);
      if (full.length > 0) throw exceeded(full);
    },
  };
}

const COUNT = `INSERT INTO auth_attempts (id, count, undecided, resets_at)
SELECT wanted.value ->> 0, 1, ?4, ?3 FROM json_each(?1) AS wanted WHERE NOT EXISTS (
  SELECT 1 FROM json_each(?1) AS each JOIN auth_attempts AS held ON held.id = each.value ->> 0
  WHERE held.resets_at > ?2 AND held.count >= each.value ->> 1)
ON CONFLICT (id) DO UPDATE SET
  count = CASE WHEN resets_at <= ?2 THEN 1 ELSE count + 1 END,
  undecided = CASE WHEN resets_at <= ?2 THEN ?4 ELSE undecided + ?4 END,
  resets_at = CASE WHEN resets_at <= ?2 THEN ?3 ELSE resets_at END
RETURNING id`;
const FULL = `SELECT held.count - held.undecided AS failed, each.value ->> 1 AS max, held.resets_at
FROM json_each(?1) AS each JOIN auth_attempts AS held ON held.id = each.value ->> 0
WHERE held.resets_at > ?2 AND held.count >= each.value ->> 1`;
const DECIDED = "UPDATE auth_attempts SET undecided = max(undecided - 1, 0) WHERE id = ?";
const GIVEN_BACK = "UPDATE auth_attempts SET count = max(count - 1, 0), undecided = max(undecided - 1, 0) WHERE id = ?";
/** Whoever knows the password has failed no longer; what others are trying meanwhile still counts. */
const FORGOTTEN =
  "UPDATE auth_attempts SET count = max(undecided - 1, 0), undecided = max(undecided - 1, 0) WHERE id = ?";

function exceeded(full: readonly Full[]): Fault {
  const leftMs = Math.max(0, ...full.map(({ resets_at }) => resets_at - Date.now()));
  return new Fault({ slug: "rate-limit-exceeded", retryAfter: Math.max(1, Math.ceil(leftMs / 1000)) });
}

/** The address itself, or the /64 of an IPv6 one, which is what one customer has. Null where the platform tells none. */
function networkOf(address: string | null): string | null {
  if (address === null || !address.includes(":")) return address;
  const [head = "", tail = ""] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === "" ? [] : tail.split(":");
  const groups = [...left, ...Array.from({ length: Math.max(8 - left.length - right.length, 0) }, () => "0"), ...right];
  return groups.slice(0, 4).join(":").toLowerCase();
}
