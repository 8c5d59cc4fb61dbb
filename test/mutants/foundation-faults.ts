/**
 * Faults for `npm run mutants` (test/mutants/foundation.ts): each takes out, or turns round, one line that keeps a rule, and names
 * the test that must then be red. A fault whose text is no longer in its file is a mistake of this list, not of the product.
 */

export interface PlantedFault {
  readonly rule: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** `test/worker/<test>.test.ts` */
  readonly test: string;
  /** The name of the test, or its beginning. */
  readonly name: string;
}

const PLAN = "src/core/change/plan-write.ts";
const READ = "durable-objects/table/read.ts";
const ETAG = "src/core/protocol/etag.ts";
const LEDGER = "durable-objects/table/ledger.ts";

export const FOUNDATION_FAULTS: readonly PlantedFault[] = [
  { rule: "HT1", file: "src/edge/partition.ts", find: "if (!isPartition(partition)) return false;", replace: "", test: "partitions", name: "[HT1] a name with other characters creates no object" },
  { rule: "HT1", file: "src/edge/endpoints/open-table.ts", find: 'if (!isAdmitted) throw new Fault({ slug: "not-found" });', replace: "", test: "partitions", name: "[HT1] a claim that the caller does not hold creates no object" },
  { rule: "HT1", file: "src/core/schema/validate-draft.ts", find: "if (value !== place.partition)", replace: "if (false)", test: "partitions", name: "[HT1] a different value in a body is 400" },
  { rule: "HT2", file: "src/core/ids.ts", find: ' && !RESERVED_IDS.has(value)', replace: "", test: "paths", name: "[HT2] an id that a static segment hides cannot be created" },
  { rule: "HT4", file: "src/edge/read-body.ts", find: "if (length > maxBytes) {", replace: "if (false) {", test: "bodies", name: "[HT4] a body above 1 MB is 413" },
  { rule: "HT4", file: "durable-objects/table/commit.ts", find: "if (bytes > MAX_ROW_BYTES) {", replace: "if (false) {", test: "bodies", name: "[HT4] a patch may not grow a row beyond 512 KB" },
  { rule: "HT6", file: "src/core/ids.ts", find: 'if (kind === "uuid") return UUID_V7.test(value);', replace: 'if (kind === "uuid") return UUID.test(value);', test: "ids", name: "[HT6] an id of another UUID version in a body is 400" },
  { rule: "HT9", file: "durable-objects/table/table-object.ts", find: "requestId: call.requestId,", replace: "", test: "positions", name: "[HT9] [OB2] [OB3] request id and trace reach the object's log" },
  { rule: "HT10", file: "src/edge/endpoints/answer.ts", find: 'principal.kind === "anonymous" && ', replace: "", test: "positions", name: "[HT10] cache.public is for anonymous readers only" },
  { rule: "HT13", file: "src/edge/table-routes.ts", find: "capability === undefined || capabilities[capability]", replace: "capability === undefined || true", test: "paths", name: "[HT13] a capability switched off takes its method away" },
  { rule: "HT14", file: READ, find: "scopeTest(table, call.scope)(stored.row) &&", replace: "", test: "reads", name: "[HT14] a row outside the read scope is 404 for another user" },
  { rule: "HT14", file: READ, find: 'if (call.scope !== "*") terms.push(filterOf(table, call.scope));', replace: "", test: "reads", name: "[HT14] [Z1] a list holds only rows of the scope" },
  { rule: "HT16", file: "src/define/resource.ts", find: "if (column.readable && wants(column.name))", replace: "if (wants(column.name))", test: "masks", name: "[HT16] a hidden column is not in a row read" },
  { rule: "HT16", file: "durable-objects/table/constraint-fault.ts", find: "if (column?.readable === true) names.push(column.name);", replace: "if (column !== undefined) names.push(column.name);", test: "masks", name: "[HT16] [HT23] a unique hidden column is not named" },
  { rule: "HT17", file: "src/define/resource.ts", find: "shown[name] = null;", replace: "throw error;", test: "reads", name: "[HT17] a computed field that throws is null" },
  { rule: "HT20", file: PLAN, find: "if (facts.invalid.length > 0) throw invalid(facts.invalid);", replace: "", test: "patches", name: "[HT22] a patch is validated" },
  { rule: "HT21", file: "src/core/schema/validate-draft.ts", find: "} else if (column?.writable === true) {", replace: "} else if (column !== undefined) {", test: "masks", name: "[HT21] [F2] [Y3] a column flagged input:false is dropped silently" },
  { rule: "HT23", file: PLAN, find: 'if (plan.kind === "insert" && !facts.scopes.create(plan.after))', replace: "if (false)", test: "creates", name: "[HT23] a row outside the create scope is 403" },
  { rule: "HT23", file: "durable-objects/table/commit.ts", find: 'if (relation.onDelete === "restrict") throw new Fault({ slug: "conflict", reason: "referenced", id });', replace: "", test: "relations", name: "[HT23] restrict is 409 referenced" },
  { rule: "HT24", file: PLAN, find: 'if (changes.length === 0) return { kind: "nothing", stored };', replace: "", test: "patches", name: "[HT24] values equal to the stored ones make no commit" },
  { rule: "HT25", file: PLAN, find: "for (const name of missing) patch[name] = defaults[name] ?? null;", replace: "", test: "replaces", name: "[HT25] [R5] columns not given take their default or NULL" },
  { rule: "HT26", file: PLAN, find: "throw isReadable ? new Fault", replace: "throw true ? new Fault", test: "patches", name: "[HT26] a row that cannot be read is 404" },
  { rule: "HT26", file: PLAN, find: "&& !facts.scopes.update(plan.after)", replace: "&& false", test: "patches", name: "[HT26] a row that would leave the update scope is 403" },
  { rule: "HT28", file: "src/edge/scopes.ts", find: "if (scope !== DENY) return scope;", replace: "if (true) return scope;", test: "permissions", name: "[HT28] [Z4] a create is 403 for a signed-in caller" },
  { rule: "HT29", file: PLAN, find: "if (table.versionField !== null) after[table.versionField] =", replace: "if (false) after[table.versionField as never] =", test: "patches", name: "[HT29] an update adds 1" },
  { rule: "HT31", file: "durable-objects/table/write.ts", find: "if (expectVersion !== null && (stored?.version ?? 0) !== expectVersion)", replace: "if (false)", test: "hooks", name: "[HT31] the hook runs again on the row as it now is" },
  { rule: "HT33", file: ETAG, find: "const prefix = `${epoch}:${version}:`;", replace: "const prefix = `${epoch}:`;", test: "etags", name: "[HT35] [E2] a stale tag is 412" },
  { rule: "HT34", file: READ, find: "[...query, call.scope, ", replace: "[...query, ", test: "etags", name: "[HT34] a list's tag holds until a commit" },
  { rule: "HT36", file: ETAG, find: "condition.tags.some((tag) => !tag.isWeak && tag.opaque.startsWith(prefix))", replace: "condition.tags.some((tag) => tag.opaque.startsWith(prefix))", test: "etags", name: "[HT36] a weak tag never matches" },
  { rule: "HT37", file: PLAN, find: "if (ifMatch !== undefined && !matchesRow(ifMatch, facts.epoch, stored.version)) throw failed();", replace: "", test: "etags", name: "[HT37] [E3] of twenty writers with one tag exactly one wins" },
  { rule: "HT38", file: PLAN, find: "if (ifMatch === undefined && facts.table.etagRequired)", replace: "if (false)", test: "etags", name: "[HT38] PATCH without If-Match is 428" },
  { rule: "HT40", file: "src/edge/endpoints/writes.ts", find: 'if (headers.has("if-match"))', replace: "if (false)", test: "bodies", name: "[HT40] If-Match on a create is 400" },
  { rule: "HT41", file: "durable-objects/table/replies.ts", find: "WHERE key = ? AND expires_at > ?", replace: "WHERE key = ? AND ? > 0", test: "idempotency", name: "[HT41] a stored reply is kept for 24 hours" },
  { rule: "HT41", file: "src/edge/idempotency.ts", find: 'if (principal.kind === "user") return', replace: "if (principal === undefined) return", test: "idempotency", name: "[HT41] a key belongs to its principal" },
  { rule: "HT42", file: "durable-objects/table/replies.ts", find: "if (row.fingerprint !== idempotency.fingerprint)", replace: "if (false)", test: "idempotency", name: "[HT42] another body under the key is 422" },
  { rule: "HT42", file: "durable-objects/table/transact.ts", find: "if (known !== null) return { answer: known, head: store.head };", replace: "", test: "idempotency", name: "[HT42] ten requests at once under one key" },
  { rule: "HT44", file: "durable-objects/table/replies.ts", find: "> MAX_STORED_BODY ?", replace: "> Number.MAX_SAFE_INTEGER ?", test: "idempotency", name: "[HT44] a reply above 1 MB is stored in minimal form" },
  { rule: "HT49", file: PLAN, find: "if (stored === null || (isDeleted && !seesDeleted)) {", replace: "if (stored === null) {", test: "deletes", name: "[HT49] [HT36] PATCH on a soft-deleted row is 404" },
  { rule: "HT49", file: PLAN, find: 'intent.hard === true && !isReadable) throw notFound', replace: 'intent.hard === true && false) throw notFound', test: "deletes", name: "[HT49] hard=true on a row outside the read scope is 404" },
  { rule: "HT50", file: PLAN, find: 'if (intent.op === "restore" && !isDeleted)', replace: "if (false)", test: "deletes", name: "[HT50] a row that is not deleted is 409 not-deleted" },
  { rule: "HT70", file: "src/edge/serve.ts", find: "edge.options.debug ?? isDevelopment(env)", replace: "edge.options.debug ?? true", test: "problems", name: "[HT70] in production a 500 holds no message of the cause" },
  { rule: "HT71", file: "durable-objects/table/transact.ts", find: "if (rebuilt !== null) return", replace: "if (rebuilt !== null && false) return", test: "lost-objects", name: "[HT71] lost after it was carried out" },
  { rule: "HT71", file: "durable-objects/table/write.ts", find: '?? (op === "create" ? own.find', replace: '?? (false ? own.find', test: "lost-objects", name: "[HT71] lost twice: 503 outcome-unknown with a key" },
  { rule: "HT72", file: "src/edge/call-object.ts", find: 'if (first.cause === "overloaded")', replace: "if (false)", test: "lost-objects", name: "[HT72] a write is 503 overloaded at once" },
  { rule: "CL2", file: "durable-objects/table/append-commit.ts", find: "releaseVersions(commit);", replace: "", test: "hooks", name: "[CL2] a row written and written back in one transaction" },
  { rule: "CL2", file: LEDGER, find: "if (bytes > MAX_ENTRY_BYTES)", replace: "if (false)", test: "ledger", name: "[CL2] an entry above 1.9 MB is refused" },
  { rule: "CL4", file: LEDGER, find: "if (isHeld) rescueEffects(sql, seq);", replace: "", test: "effects", name: "[CL4] entries whose effects are not delivered are kept" },
  { rule: "TX40", file: "durable-objects/table/outbox.ts", find: "if (error !== null) failures.push(", replace: "if (error === null) failures.push(", test: "effects", name: "[TX40] an effect that fails is set aside" },
  { rule: "MG2", file: "durable-objects/table/handle-call.ts", find: 'if (store.health.kind === "ready") return;', replace: "return;", test: "failed-migration", name: "[MG2] every write is 503" },
  { rule: "PF2", file: "durable-objects/table/registry.ts", find: "stranded.push({ table: placement.table, was });", replace: "", test: "moved-tables", name: "[PF2] [HT70] while its former object holds rows" },
  { rule: "PF7", file: "src/edge/development-token.ts", find: "isDevelopment(env) && LOOPBACK.has(url.hostname)", replace: "isDevelopment(env)", test: "sign-in", name: "[A14] [PF7] they are wrong on any other host" },
  { rule: "A14", file: "src/edge/verify-jwt.ts", find: 'verifyOptions(options, ["HS256"], nowMs)', replace: 'verifyOptions(options, ["HS256", "HS384", "HS512"], nowMs)', test: "sign-in", name: "[HT20] [A14] a token of another HMAC is 401" },
  { rule: "Y5", file: "src/edge/cors.ts", find: "headers(origin) {", replace: "headers(origin, isAdmitted = true) {", test: "system", name: "[Y5] named origins get their own name" },
];
