/**
 * One question to a search engine outside ([S4]), and what it answers, checked: known kinds of ids, each once, no more than asked for. An
 * engine that fails, or answers nonsense, or takes too long, is 503; what it said is for the log.
 */

import { Fault } from "../core/fault.ts";
import { parseRowId } from "../core/ids.ts";
import { errorFields } from "../core/log.ts";
import type { EngineHits, SearchHit } from "../core/protocol/search-call.ts";
import type { EngineQuery, SearchAdapter } from "../define/search-adapter.ts";
import type { TableRequest } from "./exchange.ts";
import { ENGINE_TIMEOUT_MS } from "./limits.ts";

const RETRY_AFTER_S = 5;
const MAX_WORDS = 200;

export async function askEngine(
  request: TableRequest,
  adapter: SearchAdapter,
  query: EngineQuery,
): Promise<EngineHits> {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`The search engine did not answer within ${ENGINE_TIMEOUT_MS} ms`));
        controller.abort();
      }, ENGINE_TIMEOUT_MS);
    });
    const answer: unknown = await Promise.race([
      adapter.search(query, { env: request.env, signal: controller.signal }),
      timeout,
    ]);
    return readHits(request, answer, query.limitHits);
  } catch (error) {
    request.log.error("search engine failed", {
      engine: adapter.name,
      table: query.table,
      ...errorFields(error),
    });
    throw new Fault({
      slug: "unavailable",
      retryAfter: RETRY_AFTER_S,
      detail: "The search engine of this table does not answer.",
    });
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
}

/** Fewer than were asked for are all there are. */
function readHits({ entry }: TableRequest, answer: unknown, limitHits: number): EngineHits {
  if (!Array.isArray(answer)) throw new TypeError("The search engine's answer is no list of hits");
  const hits = new Map<unknown, SearchHit>();
  for (const hit of answer.slice(0, limitHits) as readonly (Partial<SearchHit> | null)[]) {
    const given: unknown = hit?.id;
    const isId = typeof given === "string" || typeof given === "number";
    const id = isId ? parseRowId(String(given), entry.resource.spec.idKind) : null;
    if (id === null || hits.has(id)) continue;
    const words = Array.isArray(hit?.words) ? hit.words.filter((word) => typeof word === "string") : null;
    hits.set(id, words === null ? { id } : { id, words: words.slice(0, MAX_WORDS) });
  }
  return { hits: [...hits.values()], isWhole: answer.length < limitHits };
}
