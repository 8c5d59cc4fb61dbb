/**
 * Faults for test/mutants/chaos.ts: each takes out, or turns round, one line that holds when objects and processes die, and names the
 * test of test/crash, and the seed, that must then be red. A fault whose text is not in its file is a mistake of this list.
 */

export interface ChaosFault {
  readonly rule: string;
  readonly what: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** `test/crash/<test>.test.ts` */
  readonly test: "kill" | "migrate" | "replies" | "overload" | "storage-full" | "large-rows";
  /** For `kill` and `migrate`. */
  readonly seed: number;
}

const TABLE = "durable-objects/table";

export const CHAOS_FAULTS: readonly ChaosFault[] = [
  {
    rule: "HT41",
    what: "the reply is not stored with its write",
    file: `${TABLE}/transact.ts`,
    find: "    storeReply(store.sql, idempotency, answer, minimal, store.clock());\n",
    replace: "",
    test: "kill",
    seed: 1,
  },
  {
    rule: "HT41",
    what: "a stored reply is not found again",
    file: `${TABLE}/replies.ts`,
    find: "WHERE key = ? AND expires_at > ?",
    replace: "WHERE key = ? AND expires_at < ?",
    test: "kill",
    seed: 1,
  },
  {
    rule: "HT41",
    what: "expired replies stay",
    file: `${TABLE}/run-alarm.ts`,
    find: "      pruneReplies(store.sql, store.clock());\n",
    replace: "",
    test: "replies",
    seed: 1,
  },
  {
    rule: "HT50",
    what: "a restored row keeps its marker",
    file: "src/core/change/plan-write.ts",
    find: "{ [marker]: null }",
    replace: "{}",
    test: "kill",
    seed: 1,
  },
  {
    rule: "HT71",
    what: "the repetition of a write without a key does not look for what the first one did",
    file: `${TABLE}/transact.ts`,
    find: "attempt?.isRepeat === true ? findAttempt",
    replace: "attempt?.isRepeat === null ? findAttempt",
    test: "kill",
    seed: 1,
  },
  {
    rule: "CL1",
    what: "a write is not one transaction",
    file: `${TABLE}/transact.ts`,
    find: "store.sql.transaction(() => inTransaction(store, call, mutation))",
    replace: "inTransaction(store, call, mutation)",
    test: "kill",
    seed: 1,
  },
  {
    rule: "CL1",
    what: "a removed row is not in the ledger",
    file: `${TABLE}/commit.ts`,
    find: '  record(commit, table, "delete", row, null);\n',
    replace: "",
    test: "kill",
    seed: 1,
  },
  {
    rule: "CL1",
    what: "an object that wakes takes another epoch",
    file: `${TABLE}/store.ts`,
    find: "  if (epoch !== null) return epoch;\n",
    replace: "",
    test: "kill",
    seed: 1,
  },
  {
    rule: "CL1",
    what: "memory does not go back with a group that was lost",
    file: `${TABLE}/group-commit.ts`,
    find: "    store.head = head;\n",
    replace: "",
    test: "storage-full",
    seed: 1,
  },
  {
    rule: "CL1",
    what: "a group goes on after its transaction is gone",
    file: `${TABLE}/group-commit.ts`,
    find: "    if (endsTransaction(error)) throw error;\n",
    replace: "",
    test: "storage-full",
    seed: 1,
  },
  {
    rule: "CL2",
    what: "a commit may be larger than a ledger entry",
    file: `${TABLE}/ledger.ts`,
    find: "if (bytes > MAX_ENTRY_BYTES) throw",
    replace: "if (false) throw",
    test: "large-rows",
    seed: 1,
  },
  {
    rule: "CL4",
    what: "pruning takes effects that nobody delivered",
    file: `${TABLE}/ledger.ts`,
    find: "    if (isHeld) rescueEffects(sql, seq);\n",
    replace: "",
    test: "kill",
    seed: 1,
  },
  {
    rule: "HT6",
    what: "the highest id is forgotten with its row",
    file: `${TABLE}/table-store.ts`,
    find: '      if (spec.idKind === "int") rememberHighestId(sql, table, keyName, spec.name, id);\n',
    replace: "",
    test: "kill",
    seed: 1,
  },
  {
    rule: "TX40",
    what: "an effect is noted before it is performed",
    file: `${TABLE}/outbox.ts`,
    find: '  const aside: Omit<SetAside, "seq">[] = [];\n',
    replace: '  const aside: Omit<SetAside, "seq">[] = [];\n  writeMeta(store.sql, "outbox", String(seq));\n',
    test: "kill",
    seed: 1,
  },
  {
    rule: "TX40",
    what: "an effect that failed is not set aside",
    file: `${TABLE}/outbox.ts`,
    find: "    if (error !== null) aside.push({ slot, effect: held, tries: 1, nextAt: store.clock() + FIRST_RETRY_MS, error });\n",
    replace: "",
    test: "kill",
    seed: 1,
  },
  {
    rule: "TX40",
    what: "a commit with effects sets no timer",
    file: `${TABLE}/append-commit.ts`,
    find: '  if (effects.length > 0) schedule(store.sql, store.alarm, "outbox", at);\n',
    replace: "",
    test: "kill",
    seed: 1,
  },
  {
    rule: "SR1",
    what: "the search index keeps what a removed row held",
    file: "durable-objects/sql/search-index.ts",
    find: "AFTER DELETE ON",
    replace: "BEFORE UPDATE ON",
    test: "kill",
    seed: 1,
  },
  {
    rule: "MG2",
    what: "a migration is not recorded",
    file: `${TABLE}/migrate.ts`,
    find: '        sql.run("INSERT INTO _migrations (tag, at) VALUES (?, ?)", [migration.tag, options.nowMs]);\n',
    replace: "",
    test: "migrate",
    seed: 1,
  },
  {
    rule: "HT72",
    what: "a flood is not refused",
    file: "src/edge/calls-in-flight.ts",
    find: "  if (flight.current + flight.previous >= MAX_CALLS_IN_FLIGHT) return null;\n",
    replace: "",
    test: "overload",
    seed: 1,
  },
];
